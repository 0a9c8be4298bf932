export const clauses: { section: string; clause: string; profiles: ("strict" | "grpc-gateway")[] }[] = [];
