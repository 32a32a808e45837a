# The pages are built once; what runs is the source, with production dependencies only, as an ordinary user.
FROM node:26-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --no-audit --no-fund && node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund

FROM node:26-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build --chown=node:node /app /app
# Where the built-in database lives when no MONGODB_URL is set.
RUN install -d -o node -g node /app/data
VOLUME /app/data
USER node
EXPOSE 3000
CMD ["node", "server/main.ts"]
