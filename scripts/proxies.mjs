// Installs if needed, builds, and runs the tests of streams behind nginx and haproxy, which have to be there (apt-get install nginx-light
// haproxy). Takes more than a minute: streams are silent for longer than proxies wait.
import { main } from "./mocha.mjs";

// Side by side, as each waits for that minute.
main({ files: ["dist/test/proxies/*.proxies.js"], side: 2 });
