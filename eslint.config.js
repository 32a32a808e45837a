import js from "@eslint/js";
import prettier from "eslint-config-prettier";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

const forbid = (...patterns) => ({
  "no-restricted-imports": ["error", { patterns: patterns.map(([group, message]) => ({ group, message })) }],
});

export default ts.config(
  {
    ignores: [
      "**/node_modules/",
      "data/",
      "web/build/",
      "web/.svelte-kit/",
      "web/static/",
      "eslint.config.js",
    ],
  },
  js.configs.recommended,
  ...ts.configs.recommendedTypeChecked,
  ...svelte.configs.recommended,
  prettier,
  {
    languageOptions: {
      globals: { ...globals.node, ...globals.browser },
      parserOptions: {
        projectService: { allowDefaultProject: ["scripts/*.mjs"] },
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
      },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    // ESLint does not know the props of a component, so every callback given to one looks like `any` to it.
    // svelte-check knows them and checks the same, strictly.
    files: ["**/*.svelte"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["scripts/*.mjs"],
    ...ts.configs.disableTypeChecked,
  },
  // Borders: what each folder may reach.
  {
    files: ["shared/**/*.ts"],
    rules: forbid([
      ["node:*", "@dmtracker/*", "#server/*", "mongoose", "express", "socket.io*"],
      "shared/ is pure: zod, rank keys and itself",
    ]),
  },
  {
    files: ["server/**/*.ts"],
    ignores: ["server/platform/**", "server/embedded-mongo/**", "server/**/*.socket.ts", "server/main.ts"],
    rules: forbid(
      [["socket.io*", "redis", "@socket.io/*"], "Live delivery lives in server/platform"],
      [["**/embedded-mongo/**"], "The product reaches its database by a connection string only"],
    ),
  },
  {
    files: ["server/embedded-mongo/**/*.ts"],
    rules: forbid([
      ["#server/*", "@dmtracker/*", "mongoose", "express", "socket.io*", "../*"],
      "The built-in database imports nothing of the product",
    ]),
  },
  {
    files: ["web/src/**/*.{ts,svelte}"],
    ignores: ["web/src/lib/realtime/**"],
    rules: forbid(
      [["socket.io-client"], "The socket lives in web/src/lib/realtime"],
      [["@dmtracker/server/*"], "The web app knows the server by its contracts only"],
    ),
  },
);
