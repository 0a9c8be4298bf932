// What the application gives as metadata, looked at before it is sent: over some of it the gateway ends the whole socket, or fetch throws.
/** Lower case as in gRPC; none that belongs to HTTP, to gRPC or to the gateway. */
const goodName =
  /^(?!(?:connect|grpc(?!-metadata)|grpcgateway|proxy|sluice)-|(?:connection|content-(?:encoding|length|type)|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$)[0-9_a-z.-]+$/;

/** Throws TypeError. */
export function checkMetadata(metadata: unknown = {}): void {
  const isObject = {}.toString.call(metadata) === "[object Object]";
  for (const [name, values] of Object.entries(isObject ? (metadata as object) : { "": 0 }))
    for (const value of [values].flat() as unknown[])
      if (!goodName.test(name) || typeof value !== "string" || !/^[ -~]*$/.test(value))
        throw new TypeError(
          `metadata "${name}": a lower-case name that is not reserved, and printable ASCII as its value are expected`,
        );
}
