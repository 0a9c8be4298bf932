// Which content types are gRPC's, and not gRPC-Web's.

export function isGrpcType(contentType: string): boolean {
  return /^application\/grpc(?:[+;]|$)/i.test(contentType);
}
