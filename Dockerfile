# The pages are built once; what runs is the source, with production dependencies only, as an ordinary user.
FROM node:26-slim AS build
WORKDIR /app
COPY . .
# The image has its own Node: the one from npm, for machines with an older one, would double its size. What the build's
# own programs were compiled to is of no use in it.
RUN node scripts/build.mjs && npm prune --omit=dev --no-audit --no-fund && rm -rf node_modules/node node_modules/.bin/node node_modules/.cache

FROM node:26-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/shared shared
COPY --from=build /app/server server
COPY --from=build /app/scripts scripts
COPY --from=build /app/web/package.json web/
COPY --from=build /app/web/build web/build
# Where the built-in database lives when no MONGODB_URL is set.
RUN install -d -o node -g node /app/data
VOLUME /app/data
USER node
EXPOSE 3000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "server/main.ts"]
