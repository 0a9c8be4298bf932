// The few messages of gRPC server reflection (grpc/reflection/v1/reflection.proto, the same in v1alpha) and the two
// fields of FileDescriptorProto that say what else to ask for. Bytes come from a backend: every length is checked.

export type ReflectionRequest =
  | { readonly kind: "list-services" }
  | { readonly kind: "file-containing-symbol"; readonly symbol: string }
  | { readonly kind: "file-by-filename"; readonly name: string };

export type ReflectionResponse =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  | { readonly kind: "error"; readonly code: number; readonly message: string }
  | { readonly kind: "other" };

const requestFields = { "file-by-filename": 3, "file-containing-symbol": 4, "list-services": 7 } as const;

export function writeReflectionRequest(request: ReflectionRequest): Uint8Array {
  const text =
    request.kind === "list-services" ? "*" : request.kind === "file-by-filename" ? request.name : request.symbol;
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(requestFields[request.kind] << 3) | 2]), writeVarint(bytes.length), bytes]);
}

/** Throws Error on malformed bytes. */
export function readReflectionResponse(bytes: Uint8Array): ReflectionResponse {
  let response: ReflectionResponse = { kind: "other" };
  readFields(bytes, (field, value) => {
    if (typeof value === "number") return;
    if (field === 4) response = { kind: "files", files: readRepeated(value, 1) };
    else if (field === 6)
      response = {
        kind: "services",
        names: readRepeated(value, 1).flatMap((service) => readRepeated(service, 1).map(toText)),
      };
    else if (field === 7) response = readError(value);
  });
  return response;
}

/** The name of a FileDescriptorProto and what it imports. Throws Error on malformed bytes. */
export function readFileHead(file: Uint8Array): { readonly name: string; readonly imports: readonly string[] } {
  let name = "";
  const imports: string[] = [];
  readFields(file, (field, value) => {
    if (typeof value === "number") return;
    if (field === 1) name = toText(value);
    else if (field === 3) imports.push(toText(value));
  });
  return { name, imports };
}

function readError(bytes: Uint8Array): ReflectionResponse {
  let code = 0;
  let message = "";
  readFields(bytes, (field, value) => {
    if (field === 1 && typeof value === "number") code = value;
    else if (field === 2 && typeof value !== "number") message = toText(value);
  });
  return { kind: "error", code, message };
}

function readRepeated(bytes: Uint8Array, wanted: number): Uint8Array[] {
  const values: Uint8Array[] = [];
  readFields(bytes, (field, value) => {
    if (field === wanted && typeof value !== "number") values.push(value);
  });
  return values;
}

function toText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Varints come as numbers (low 32 bits matter here), length-delimited fields as views of the bytes; fixed ones are skipped. */
function readFields(bytes: Uint8Array, visit: (field: number, value: number | Uint8Array) => void): void {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= bytes.length) break;
      const byte = bytes[at++];
      if (shift < 49) value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error("malformed varint");
  };
  const skip = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new Error("a field is longer than its message");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) visit(field, varint());
    else if (type === 1) skip(8);
    else if (type === 2) visit(field, skip(varint()));
    else if (type === 5) skip(4);
    else throw new Error(`unexpected wire type ${type}`);
  }
}

function writeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return Uint8Array.from([...bytes, value]);
}
