// shop.v1.Users: customers and staff.
import { status } from "@grpc/grpc-js";
import type { ServerUnaryCall } from "@grpc/grpc-js";
import { applyMask, expandMask } from "./field-mask.ts";
import type { Shape } from "./field-mask.ts";
import { cutPage } from "./paging.ts";
import type { PageRequest } from "./paging.ts";
import { alreadyExists, invalidArgument, notFound, RpcError } from "./rpc-error.ts";
import { unary } from "./serve.ts";
import type { ServiceSource } from "./serve.ts";
import { toId } from "./shop.ts";
import type { Shop, User } from "./shop.ts";

const address: Shape = { lines: null, city: null, postal_code: null, country: null };
const settable: Shape = { display_name: null, email: null, addresses: { "*": address }, newsletter: null };

export function createUsers(shop: Shop): ServiceSource {
  return {
    service: "shop.v1.Users",
    file: "shop/v1/users.proto",
    implementation: {
      GetUser: unary((request: GetUserRequest) => findUser(shop, request)),
      GetMe: unary((_request: object, call) => identify(shop, call)),
      ListUsers: unary((request: PageRequest & { roles: string[] }) => {
        const all = [...shop.users.values()];
        const found = request.roles.length === 0 ? all : all.filter((user) => request.roles.includes(user.role));
        const { page, next_page_token } = cutPage(found, request, request.roles);
        return { users: page, next_page_token };
      }),
      CreateUser: unary((request: { user: User | null; user_id: string }) => createUser(shop, request)),
      UpdateUser: unary((request: UpdateRequest) => updateUser(shop, request)),
      DeleteUser: unary(({ name }: { name: string }, call) => {
        requireAdmin(shop, call);
        getUser(shop, name);
        shop.users.delete(name);
        return {};
      }),
    },
  };
}

interface GetUserRequest {
  readonly name?: string;
  readonly email?: string;
}

interface UpdateRequest {
  readonly user: User | null;
  readonly update_mask: { readonly paths: readonly string[] } | null;
}

function findUser(shop: Shop, request: GetUserRequest): User {
  if (request.name !== undefined) return getUser(shop, request.name);
  if (request.email === undefined) throw invalidArgument("email", "is missing; give a name or an e-mail address");
  const user = findByEmail(shop, request.email);
  if (user === undefined) throw notFound("shop.v1.User", request.email);
  return user;
}

function getUser(shop: Shop, name: string): User {
  const user = shop.users.get(name);
  if (user === undefined) throw notFound("shop.v1.User", name);
  return user;
}

function findByEmail(shop: Shop, email: string): User | undefined {
  return [...shop.users.values()].find((user) => user.email.toLowerCase() === email.toLowerCase());
}

/** The user of the `authorization` metadata. Good enough to show 401 and 403; no way to treat real users. */
function identify(shop: Shop, call: ServerUnaryCall<unknown, unknown>): User {
  const [value] = call.metadata.get("authorization");
  const match = /^Bearer demo-([a-z0-9-]{1,40})$/.exec(String(value ?? ""));
  const user = match === null ? undefined : shop.users.get(`users/${match[1]}`);
  if (user !== undefined) return user;
  const message = value === undefined ? "who are you? send an authorization header" : "this token belongs to nobody";
  throw new RpcError(status.UNAUTHENTICATED, `${message} (try "Bearer demo-ada")`);
}

function requireAdmin(shop: Shop, call: ServerUnaryCall<unknown, unknown>): void {
  const user = identify(shop, call);
  if (user.role === "ADMIN") return;
  throw new RpcError(status.PERMISSION_DENIED, `${user.name} may not do this`, [
    { type: "ErrorInfo", reason: "ROLE_MISSING", domain: "shop.example.com", metadata: { role: "ADMIN" } },
  ]);
}

function createUser(shop: Shop, request: { readonly user: User | null; readonly user_id: string }): User {
  if (request.user === null) throw invalidArgument("user", "is missing");
  const id = toId(request.user_id, request.user.display_name);
  if (id === undefined) throw invalidArgument("user_id", "must have 1 to 40 lower-case letters, digits and hyphens");
  const name = `users/${id}`;
  if (shop.users.has(name)) throw alreadyExists("shop.v1.User", name);
  const user: User = { ...request.user, name, role: "CUSTOMER", loyalty_points: "0", create_time: shop.now };
  checkUser(shop, user);
  shop.users.set(name, user);
  return user;
}

function updateUser(shop: Shop, request: UpdateRequest): User {
  if (request.user === null) throw invalidArgument("user", "is missing");
  const before = getUser(shop, request.user.name);
  const mask = (request.update_mask?.paths ?? []).filter((path) => path !== "name");
  const onlyIdentity = mask.length === 0 && (request.update_mask?.paths.length ?? 0) > 0;
  const paths = onlyIdentity ? [] : expandMask(mask, request.user, settable);
  const after = applyMask(before, request.user, paths, settable);
  checkUser(shop, after);
  shop.users.set(after.name, after);
  return after;
}

function checkUser(shop: Shop, user: User): void {
  if (user.display_name.trim() === "") throw invalidArgument("user.display_name", "must not be empty");
  if (!/^[^@\s]{1,64}@[^@\s]{1,200}$/.test(user.email))
    throw invalidArgument("user.email", "must be an e-mail address");
  const other = findByEmail(shop, user.email);
  if (other !== undefined && other.name !== user.name) throw alreadyExists("shop.v1.User", user.email);
}
