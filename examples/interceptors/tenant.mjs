// Tells backends which tenant a call is for: from a claim of the caller, never from what a client says.
//
//   interceptors:
//     - { module: ./tenant.mjs, after: authenticate, options: { claim: tenant, header: x-tenant } }
/**
 * @param {{ claim?: string, header?: string }} options
 * @param {Pick<typeof import("sluice"), "Code" | "GatewayError">} sluice
 */
export default function tenant({ claim = "tenant", header = "x-tenant" }, { Code, GatewayError }) {
  return {
    /** @param {import("sluice").Call} call */
    intercept(call) {
      const value = call.identity?.claims?.[claim];
      if (typeof value !== "string" || !/^[\w-]{1,64}$/.test(value))
        throw new GatewayError(Code.PERMISSION_DENIED, "not allowed: the caller belongs to no tenant", {
          reason: "TENANT_MISSING",
        });
      // Metadata is a list of names and values, and is replaced, never written into.
      const others = call.metadata.filter((_, at) => call.metadata[at - (at % 2)] !== header);
      call.metadata = [...others, header, value];
    },
  };
}
