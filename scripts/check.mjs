// What to run before a commit: format, lint, build, tests. Well under a minute.
import { build } from "./build.mjs";
import { ensureInstalled, run } from "./run.mjs";
import { test } from "./test.mjs";

ensureInstalled();
run("oxfmt", ["--check"]);
run("oxlint", ["--type-aware", "--deny-warnings"]);
build();
process.exitCode = test();
