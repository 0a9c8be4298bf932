// Imported before everything else by a child process: whoever writes to a built-in prototype fails from here on.
for (const { prototype } of [Object, Array, Function, Map, Set, String, Number, Boolean, Promise])
  Object.freeze(prototype);
