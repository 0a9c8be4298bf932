import { expect } from "chai";
import type { AuthenticationRequest } from "../../../src/caller.ts";
import { createApiKeys } from "../../../src/chain/authenticate/api-keys.ts";
import { createApiKeyText, formatApiKey, hashSecret } from "../../../src/credentials/api-key-text.ts";
import type { ApiKey } from "../../../src/credentials/credentials.ts";
import { GatewayError } from "../../../src/status.ts";
import { newRequest } from "./new-request.ts";

interface Made {
  readonly key: ApiKey;
  readonly text: string;
}

function make(changes: Partial<ApiKey> = {}): Made {
  const made = createApiKeyText();
  const key: ApiKey = {
    id: made.id,
    name: "ci",
    hash: hashSecret(made.secret),
    principal: "billing",
    createdAt: undefined,
    scopes: ["orders.read"],
    roles: ["robot"],
    claims: { tenant: "acme" },
    expiresAt: Infinity,
    isDisabled: false,
    ...changes,
  };
  return { key, text: formatApiKey(made) };
}

const withHeader = (value: string | string[]): AuthenticationRequest => newRequest({ headers: { "x-api-key": value } });
const withTarget = (target: string, headers = {}): AuthenticationRequest => newRequest({ target, headers });
const create = (keys: readonly ApiKey[], query?: string) =>
  createApiKeys({ header: "x-api-key", query, realm: "sluice", keys });

/** The error of a refusal. */
function refusal(act: () => unknown): GatewayError {
  try {
    act();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

describe("createApiKeys", () => {
  const { key, text } = make();

  it("tells who holds a key, the same object each time", () => {
    const keys = create([make().key, key]);
    const identity = keys.authenticate(withHeader(text));
    expect(identity).to.deep.equal({
      principal: "api_keys:billing",
      expiresAt: Infinity,
      claims: { sub: "billing", tenant: "acme", key_id: key.id, key_name: "ci" },
      scopes: ["orders.read"],
      roles: ["robot"],
    });
    expect(keys.authenticate(withHeader(text))).to.equal(identity);
  });

  it("has nothing to say of a request without one", () => {
    const keys = create([key]);
    expect(keys.authenticate(newRequest({ metadata: ["x-api-key", text] }))).to.equal(undefined);
    expect(keys.authenticate(newRequest())).to.equal(undefined);
    expect(keys.authenticate(withTarget(`/v1/x?api_key=${text}`))).to.equal(undefined);
  });

  it("refuses every other text alike, whatever is wrong with it", () => {
    const stranger = make().text;
    const keys = create([key]);
    const texts = [
      "",
      "x",
      stranger,
      `${text.slice(0, -1)}${text.endsWith("a") ? "b" : "a"}`,
      `${text} `,
      "x".repeat(9000),
    ];
    for (const wrong of [...texts, [text, text], `${text}, ${text}`]) {
      const error = refusal(() => keys.authenticate(withHeader(wrong)));
      expect([error.code, error.reason, error.message, error.headers]).to.deep.equal([
        16,
        "API_KEY_INVALID",
        "the API key is not valid",
        { "www-authenticate": 'ApiKey realm="sluice", header="x-api-key"' },
      ]);
    }
  });

  it("says that a key was revoked or has expired to its holder only", () => {
    const revoked = make({ isDisabled: true });
    const expired = make({ expiresAt: Date.now() - 1 });
    const keys = create([revoked.key, expired.key]);
    const messageFor = (text: string) => refusal(() => keys.authenticate(withHeader(text))).message;
    expect([revoked, expired].map((made) => messageFor(made.text))).to.deep.equal([
      "the API key was revoked",
      "the API key has expired",
    ]);
    const guess = (made: Made) => `slk_${made.key.id}_${"a".repeat(32)}`;
    expect([revoked, expired].map((made) => messageFor(guess(made)))).to.deep.equal([
      "the API key is not valid",
      "the API key is not valid",
    ]);
  });

  it("takes a key from the query where that is allowed, once and in one place", () => {
    const keys = create([key], "api_key");
    const named = (target: string, headers = {}) => keys.authenticate(withTarget(target, headers));
    expect(named(`/v1/x?a=1&api_key=${text}&b=2`)).to.have.property("principal", "api_keys:billing");
    expect(named(`/v1/x?%61pi_key=${encodeURIComponent(text)}`)).to.have.property("principal", "api_keys:billing");
    expect(named("/v1/x?b=api_key")).to.equal(undefined);
    expect(refusal(() => named(`/v1/x?api_key=${text}&api_key=${text}`)).reason).to.equal("API_KEY_INVALID");
    expect(refusal(() => named(`/v1/x?api_key=${text}`, { "x-api-key": text })).reason).to.equal("API_KEY_INVALID");
    expect(refusal(() => named("/v1/x?api_key")).reason).to.equal("API_KEY_INVALID");
    expect(refusal(() => named("/v1/x?api_key=%zz")).reason).to.equal("API_KEY_INVALID");
  });

  it("says whose streams are to end when keys are replaced, and only theirs", () => {
    const one = make({ principal: "one" });
    const two = make({ principal: "two" });
    const three = make({ principal: "three" });
    const gone = make({ principal: "gone", isDisabled: true });
    const keys = create([one.key, two.key, three.key, gone.key]);
    const before = keys.authenticate(withHeader(one.text));
    expect(
      keys.replace([
        { ...one.key, name: "renamed" },
        { ...two.key, isDisabled: true },
      ]),
    ).to.deep.equal(["api_keys:two", "api_keys:three"]);
    expect(keys.authenticate(withHeader(one.text))).to.equal(before);
    expect(refusal(() => keys.authenticate(withHeader(two.text))).message).to.equal("the API key was revoked");
    expect(refusal(() => keys.authenticate(withHeader(three.text))).message).to.equal("the API key is not valid");
    expect(keys.replace([{ ...one.key, scopes: [] }])).to.deep.equal(["api_keys:one"]);
    expect(keys.authenticate(withHeader(one.text))).to.have.deep.property("scopes", []);
  });

  it("is not led astray by names of Object", () => {
    const keys = create([key], "constructor");
    expect(keys.authenticate(withTarget("/v1/x?__proto__=1"))).to.equal(undefined);
    expect(refusal(() => keys.authenticate(withHeader("__proto__"))).reason).to.equal("API_KEY_INVALID");
  });
});
