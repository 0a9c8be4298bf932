// Installs if needed, builds, and measures how exactly limits hold under overload, with redis-server where Redis counts. Half a minute.
import { main } from "./mocha.mjs";

main({ files: ["dist/test/limits/*.heavy.js"] });
