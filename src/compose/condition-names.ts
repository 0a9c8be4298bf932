// What conditions of steps know besides steps: no step may have one of these names. Apart from the conditions, which bring CEL with them.

export const conditionNames: readonly string[] = ["claims", "principal", "scopes", "roles", "now"];
