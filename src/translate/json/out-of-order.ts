// What a writer throws when bytes do not come as every encoder sends them.

/** Thrown to start the message over by index; one object, no stack. */
export const outOfOrder: unique symbol = Symbol("out of order");
