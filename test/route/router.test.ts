// Which binding a request reaches, what it captures, and how it is refused.
import { expect } from "chai";
import { createRouter } from "../../src/route/router.ts";
import type { RouteResult, RouterOptions } from "../../src/route/router.ts";
import { hashText } from "../../src/route/scan-path.ts";
import { bindingsOf } from "./binding-of.ts";

type Ask = (request: string) => string;

/** `GET /path` to `LINE [captures]`, `404`, `405 ALLOW`, or `400 REASON`. */
function asking(lines: readonly string[], options: Partial<RouterOptions> = {}): Ask {
  const router = createRouter(bindingsOf(lines), { profile: "strict", urlUnescape: "except_reserved", ...options });
  return (request) => {
    const space = request.indexOf(" ");
    return format(router.match(request.slice(0, space), request.slice(space + 1)));
  };
}

function format(result: RouteResult): string {
  if (result.kind === "match")
    return [result.binding.method.name, ...result.captures.map((text) => JSON.stringify(text))].join(" ");
  if (result.kind === "method-not-allowed") return `405 ${result.allow.join(",")}`;
  return result.kind === "bad-path" ? `400 ${result.reason}` : "404";
}

/** Two texts of one length and one hash; some 80,000 random ones are enough. */
function findCollision(): [string, string] {
  const seen = new Map<number, string>();
  for (let seed = 1; ; seed++) {
    const text = Math.imul(seed, 0x9e3779b1).toString(36).replace("-", "x").padStart(8, "y");
    const other = seen.get(hashText(text));
    if (other !== undefined) return [other, text];
    seen.set(hashText(text), text);
  }
}

const gateway: Partial<RouterOptions> = { profile: "grpc-gateway" };

describe("createRouter", () => {
  describe("precedence", () => {
    const lines = [
      "GET /v1/**",
      "GET /v1/*",
      "GET /v1/a",
      "GET /v1/*/c",
      "GET /v1/a/*",
      "GET /v1/**/end",
      "GET /v1/a/**/z/end",
    ];
    const expected: readonly (readonly [string, string])[] = [
      ["/v1/a", "GET /v1/a"],
      ["/v1/b", "GET /v1/*"],
      ["/v1", "GET /v1/**"],
      ["/v1/b/c", "GET /v1/*/c"],
      ["/v1/a/c", "GET /v1/a/*"],
      ["/v1/b/d", "GET /v1/**"],
      ["/v1/b/d/e", "GET /v1/**"],
      ["/v1/b/d/end", "GET /v1/**/end"],
      ["/v1/end", "GET /v1/*"],
      ["/v1/b/end", "GET /v1/**/end"],
      ["/v1/a/x/z/end", "GET /v1/a/**/z/end"],
      ["/v1/a/z/end", "GET /v1/a/**/z/end"],
      ["/v1/a/x/y/end", "GET /v1/**/end"],
    ];
    it("prefers a literal to * to **, segment by segment, and backtracks", () => {
      const ask = asking(lines);
      for (const [path, line] of expected) expect(ask(`GET ${path}`), path).to.equal(line);
    });

    it("does not depend on the order of declaration", () => {
      for (let turn = 0; turn < lines.length; turn++) {
        const rotated = [...lines.slice(turn), ...lines.slice(0, turn)];
        for (const order of [rotated, rotated.toReversed()]) {
          const ask = asking(order);
          for (const [path, line] of expected) expect(ask(`GET ${path}`), path).to.equal(line);
        }
      }
    });

    it("lets the HTTP method take part in backtracking", () => {
      const ask = asking(["POST /v1/a/b", "GET /v1/*/b", "DELETE /v1/**"]);
      expect(ask("POST /v1/a/b")).to.equal("POST /v1/a/b");
      expect(ask("GET /v1/a/b")).to.equal("GET /v1/*/b");
      expect(ask("DELETE /v1/a/b")).to.equal("DELETE /v1/**");
      expect(ask("PUT /v1/a/b")).to.equal("405 DELETE,GET,HEAD,OPTIONS,POST");
    });

    it("refuses two bindings for the same requests in strict", () => {
      expect(() => asking(["GET /a/{x}", "GET /a/{y}"])).to.throw("already bound");
    });
  });

  describe("segments", () => {
    it("matches the root alone with /", () => {
      expect(asking(["GET /"])("GET /")).to.equal("GET /");
      expect(asking(["GET /a"])("GET /")).to.equal("404");
      expect(asking(["GET /{x}"])("GET /")).to.equal("404");
      expect(asking(["GET /{x=**}"])("GET /")).to.equal(`GET /{x=**} ""`);
    });

    it("does not find a trailing slash", () => {
      const ask = asking(["GET /a", "GET /b/{x}", "GET /c/{x=**}"]);
      for (const path of ["/a/", "/b/x/", "/b/", "/c/", "/c/d/"]) expect(ask(`GET ${path}`), path).to.equal("404");
    });

    it("gives ** zero or more segments, also before a tail", () => {
      const ask = asking(["GET /v1/{x=**}/tail", "GET /w/{x=a/**}"]);
      expect(ask("GET /v1/tail")).to.equal(`GET /v1/{x=**}/tail ""`);
      expect(ask("GET /v1/a/tail")).to.equal(`GET /v1/{x=**}/tail "a"`);
      expect(ask("GET /v1/tail/tail/tail")).to.equal(`GET /v1/{x=**}/tail "tail/tail"`);
      expect(ask("GET /v1/a/b")).to.equal("404");
      expect(ask("GET /w/a")).to.equal(`GET /w/{x=a/**} "a"`);
      expect(ask("GET /w/a/b/c")).to.equal(`GET /w/{x=a/**} "a/b/c"`);
    });

    it("captures in the order of the template, around a **", () => {
      const ask = asking(["GET /{a}/{b=x/*}/{c=**}/y/{d}/{e=z/*}"]);
      expect(ask("GET /1/x/2/y/3/z/4")).to.equal(`GET /{a}/{b=x/*}/{c=**}/y/{d}/{e=z/*} "1" "x/2" "" "3" "z/4"`);
      expect(ask("GET /1/x/2/y/y/y/3/z/4")).to.equal(`GET /{a}/{b=x/*}/{c=**}/y/{d}/{e=z/*} "1" "x/2" "y/y" "3" "z/4"`);
    });

    it("compares literals decoded, and letter case counts", () => {
      const ask = asking(
        ["GET /a b/€", "GET /x%2Fy"].map((line) => line.replace("a b", "a%20b").replace("€", "%E2%82%AC")),
      );
      expect(ask("GET /%61%20b/%e2%82%ac")).to.equal("GET /a%20b/%E2%82%AC");
      expect(ask("GET /x%2fy")).to.equal("GET /x%2Fy");
      expect(ask("GET /x/y")).to.equal("404");
      expect(ask("GET /A%20b/%e2%82%ac")).to.equal("404");
    });

    it("takes names of Object.prototype for text", () => {
      const ask = asking(["GET /v1/{x}", "GET /constructor"]);
      expect(ask("GET /v1/__proto__")).to.equal(`GET /v1/{x} "__proto__"`);
      expect(ask("GET /__proto__")).to.equal("404");
      expect(ask("GET /constructor")).to.equal("GET /constructor");
      expect(ask("constructor /constructor")).to.equal("405 GET,HEAD,OPTIONS");
      expect(ask("GET /v1/a:__proto__")).to.equal(`GET /v1/{x} "a:__proto__"`);
    });
  });

  describe("literals whose hashes are equal", () => {
    const [one, two] = findCollision();
    it("are told apart by their text, raw and encoded", () => {
      const encoded = (text: string): string => `%${text.charCodeAt(0).toString(16)}${text.slice(1)}`;
      const alone = asking([`GET /${one}`]);
      const both = asking([`GET /${one}`, `GET /${two}`]);
      for (const form of [(text: string) => text, encoded]) {
        expect(alone(`GET /${form(one)}`)).to.equal(`GET /${one}`);
        expect(alone(`GET /${form(two)}`)).to.equal("404");
        expect(both(`GET /${form(one)}`)).to.equal(`GET /${one}`);
        expect(both(`GET /${form(two)}`)).to.equal(`GET /${two}`);
      }
    });
  });

  describe("verbs", () => {
    it("prefers the reading with a registered verb", () => {
      const ask = asking(["GET /{x=**}:verb", "GET /person/{id}"]);
      expect(ask("GET /person/a:verb")).to.equal(`GET /{x=**}:verb "person/a"`);
      expect(ask("GET /person/a:other")).to.equal(`GET /person/{id} "a:other"`);
      expect(ask("GET /person/a")).to.equal(`GET /person/{id} "a"`);
      expect(ask("GET /person/a:")).to.equal(`GET /person/{id} "a:"`);
      expect(ask("GET /person/a:verb:verb")).to.equal(`GET /{x=**}:verb "person/a:verb"`);
    });

    it("falls back to a colon that is data when path or method do not fit the verb", () => {
      const ask = asking(["POST /other/{x}:verb", "GET /person/{id}", "POST /person/{id}:verb"]);
      expect(ask("GET /person/a:verb")).to.equal(`GET /person/{id} "a:verb"`);
      expect(ask("GET /person/%61:verb")).to.equal(`GET /person/{id} "a:verb"`);
      expect(ask("POST /person/a:verb")).to.equal(`POST /person/{id}:verb "a"`);
      expect(ask("PUT /person/a:verb")).to.equal("405 GET,HEAD,OPTIONS,POST");
      expect(ask("GET /other/a:verb")).to.equal("405 OPTIONS,POST");
    });

    it("looks for a verb in the last segment only, and in raw text only", () => {
      const ask = asking(["GET /a/{x}:v", "GET /a/{x}", "GET /{x}/b"]);
      expect(ask("GET /a:v/b")).to.equal(`GET /{x}/b "a:v"`);
      expect(ask("GET /a/x%3Av")).to.equal(`GET /a/{x} "x:v"`);
      expect(ask("GET /a/x:%76")).to.equal(`GET /a/{x}:v "x"`);
      expect(ask("GET /a/%78:v")).to.equal(`GET /a/{x}:v "x"`);
      expect(ask("GET /a/x%20y:w")).to.equal(`GET /a/{x} "x y:w"`);
    });

    it("matches literals before a verb, and verbs with colons", () => {
      const ask = asking(["GET /v1/things:list", "GET /v1/{x}:a:b", "GET /v1/{x}:b", "GET /v1/m:n:b"]);
      expect(ask("GET /v1/things:list")).to.equal("GET /v1/things:list");
      expect(ask("GET /v1/things")).to.equal("404");
      expect(ask("GET /v1/x:a:b")).to.equal(`GET /v1/{x}:a:b "x"`);
      expect(ask("GET /v1/x:b")).to.equal(`GET /v1/{x}:b "x"`);
      expect(ask("GET /v1/m:n:b")).to.equal("GET /v1/m:n:b");
      expect(ask("GET /v1/x:y:z:a:b")).to.equal(`GET /v1/{x}:a:b "x:y:z"`);
    });

    it("reads an empty segment before a verb as the root, never as a trailing slash", () => {
      const ask = asking(["GET /{x=**}:v", "GET /a/{y}"]);
      expect(ask("GET /:v")).to.equal(`GET /{x=**}:v ""`);
      expect(ask("GET /a/:v")).to.equal(`GET /a/{y} ":v"`);
      expect(ask("GET /b/:v")).to.equal("404");
      expect(ask("GET /b/c:v")).to.equal(`GET /{x=**}:v "b/c"`);
    });

    it("refuses a dot segment in front of a verb", () => {
      const ask = asking(["GET /a/{x}:v", "GET /a/{x}"]);
      for (const path of ["/a/..:v", "/a/.:v", "/a/%2e%2E:v", "/a/.%2e:v"])
        expect(ask(`GET ${path}`), path).to.equal("400 PATH_DOT_SEGMENT");
      expect(ask("GET /a/..:w")).to.equal(`GET /a/{x} "..:w"`);
    });
  });

  describe("HTTP methods", () => {
    it("serves HEAD by GET unless it is bound itself", () => {
      expect(asking(["GET /a"])("HEAD /a")).to.equal("GET /a");
      expect(asking(["HEAD /a", "GET /a"])("HEAD /a")).to.equal("HEAD /a");
      expect(asking(["* /a", "GET /a"])("HEAD /a")).to.equal("GET /a");
      expect(asking(["POST /a"])("HEAD /a")).to.equal("405 OPTIONS,POST");
    });

    it("answers other methods with what is allowed", () => {
      const ask = asking(["GET /a", "POST /a", "DELETE /{x}", "POST /b"]);
      expect(ask("PUT /a")).to.equal("405 DELETE,GET,HEAD,OPTIONS,POST");
      expect(ask("OPTIONS /b")).to.equal("405 DELETE,OPTIONS,POST");
      expect(ask("PUT /c/d")).to.equal("404");
    });

    it("gives a custom * every method that is not bound there", () => {
      const ask = asking(["* /a", "GET /a", "* /b"]);
      expect(ask("GET /a")).to.equal("GET /a");
      expect(ask("PURGE /a")).to.equal("* /a");
      expect(ask("OPTIONS /b")).to.equal("* /b");
    });

    it("takes method names literally", () => {
      const ask = asking(["GET /a", "PURGE /b"]);
      expect(ask("get /a")).to.equal("405 GET,HEAD,OPTIONS");
      expect(ask("PURGE /b")).to.equal("PURGE /b");
      expect(ask("* /a")).to.equal("405 GET,HEAD,OPTIONS");
    });
  });

  describe("decoding", () => {
    const path = "/v1/%2f%23/%20%2523";
    it("decodes multi-segment captures as url_unescape says", () => {
      const expected = { except_reserved: "%2f%23/ %23", except_slash: "%2f#/ %23", all: "/#/ %23" } as const;
      for (const mode of ["except_reserved", "except_slash", "all"] as const) {
        expect(asking(["GET /v1/{x=**}"], { urlUnescape: mode })(`GET ${path}`)).to.equal(
          `GET /v1/{x=**} ${JSON.stringify(expected[mode])}`,
        );
        expect(asking(["GET /v1/{x=*/*}"], { urlUnescape: mode })(`GET ${path}`)).to.equal(
          `GET /v1/{x=*/*} ${JSON.stringify(expected[mode])}`,
        );
      }
    });

    it("keeps exactly the reserved characters of RFC 6570 encoded", () => {
      const ask = asking(["GET /{x=**}"]);
      for (let code = 1; code < 128; code++) {
        const encoded = `%${code.toString(16).padStart(2, "0")}`;
        const character = String.fromCharCode(code);
        const expected = ":/?#[]@!$&'()*+,;=".includes(character) ? encoded : character;
        expect(ask(`GET /a${encoded}`)).to.equal(`GET /{x=**} ${JSON.stringify(`a${expected}`)}`);
      }
    });

    it("decodes single-segment captures fully, once", () => {
      const ask = asking(["GET /v1/{x}"]);
      expect(ask("GET /v1/a%2Fb%23%3f%5c")).to.equal(`GET /v1/{x} ${JSON.stringify("a/b#?\\")}`);
      expect(ask("GET /v1/%252F")).to.equal(`GET /v1/{x} "%2F"`);
      expect(ask("GET /v1/%252e%252e")).to.equal(`GET /v1/{x} "%2e%2e"`);
      expect(ask("GET /v1/a+b")).to.equal(`GET /v1/{x} "a+b"`);
      expect(ask("GET /v1/%E2%82%AC%f0%9f%98%80")).to.equal(`GET /v1/{x} "€😀"`);
      expect(ask("GET /v1/..%2fx")).to.equal(`GET /v1/{x} "../x"`);
    });

    it("decides by the template whether a capture is multi-segment", () => {
      const ask = asking(["GET /a/{x=**}", "GET /b/{x=*}"]);
      expect(ask("GET /a/1%2F2")).to.equal(`GET /a/{x=**} "1%2F2"`);
      expect(ask("GET /b/1%2F2")).to.equal(`GET /b/{x=*} "1/2"`);
    });

    it("keeps captures of one request out of the next", () => {
      const ask = asking(["GET /{a}/{b}"]);
      expect(ask("GET /%31/%32")).to.equal(`GET /{a}/{b} "1" "2"`);
      expect(ask("GET /x/y")).to.equal(`GET /{a}/{b} "x" "y"`);
      expect(ask("GET /x/%33")).to.equal(`GET /{a}/{b} "x" "3"`);
      expect(ask("GET /%34/z")).to.equal(`GET /{a}/{b} "4" "z"`);
    });
  });

  describe("refused paths", () => {
    const reasons: readonly (readonly [string, string])[] = [
      ["", "PATH_NOT_ABSOLUTE"],
      ["*", "PATH_NOT_ABSOLUTE"],
      ["http://evil/v1/a", "PATH_NOT_ABSOLUTE"],
      ["//", "PATH_EMPTY_SEGMENT"],
      ["//v1", "PATH_EMPTY_SEGMENT"],
      ["/v1//a", "PATH_EMPTY_SEGMENT"],
      ["/v1/a//", "PATH_EMPTY_SEGMENT"],
      ["/.", "PATH_DOT_SEGMENT"],
      ["/v1/..", "PATH_DOT_SEGMENT"],
      ["/v1/../a", "PATH_DOT_SEGMENT"],
      ["/v1/./a", "PATH_DOT_SEGMENT"],
      ["/v1/%2e", "PATH_DOT_SEGMENT"],
      ["/v1/%2E%2e/a", "PATH_DOT_SEGMENT"],
      ["/v1/.%2E", "PATH_DOT_SEGMENT"],
      ["/v1/%2e.", "PATH_DOT_SEGMENT"],
      ["/v1/x/..%2fsecret", "PATH_DOT_SEGMENT"],
      ["/v1/x/a%2f..%5Csecret", "PATH_DOT_SEGMENT"],
      ["/v1/a\\b", "PATH_INVALID_CHARACTER"],
      ["/v1/a#b", "PATH_INVALID_CHARACTER"],
      ["/v1/a?b", "PATH_INVALID_CHARACTER"],
      ["/v1/a b", "PATH_INVALID_CHARACTER"],
      ["/v1/a\0", "PATH_INVALID_CHARACTER"],
      ["/v1/a%00", "PATH_INVALID_CHARACTER"],
      ["/v1/a\r\nb", "PATH_INVALID_CHARACTER"],
      ["/v1/a\x7f", "PATH_INVALID_CHARACTER"],
      ["/v1/ä", "PATH_INVALID_CHARACTER"],
      ["/v1/a\ud800", "PATH_INVALID_CHARACTER"],
      ["/v1/%", "PATH_INVALID_ESCAPE"],
      ["/v1/%2", "PATH_INVALID_ESCAPE"],
      ["/v1/%zz", "PATH_INVALID_ESCAPE"],
      ["/v1/%2/f", "PATH_INVALID_ESCAPE"],
      ["/v1/%u0041", "PATH_INVALID_ESCAPE"],
      ["/v1/%ff", "PATH_INVALID_UTF8"],
      ["/v1/%c0%af", "PATH_INVALID_UTF8"],
      ["/v1/%ed%a0%80", "PATH_INVALID_UTF8"],
      ["/v1/%e2%82/%ac", "PATH_INVALID_UTF8"],
      [`/${"a".repeat(16_384)}`, "PATH_TOO_LONG"],
    ];
    for (const [path, reason] of reasons) {
      it(`answers ${JSON.stringify(path.slice(0, 40))} with ${reason}, whatever is bound`, () => {
        expect(asking(["GET /v1/{x=**}"])(`GET ${path}`)).to.equal(`400 ${reason}`);
        if (!path.startsWith("/v1/x/")) expect(asking([])(`GET ${path}`)).to.equal(`400 ${reason}`);
      });
    }

    it("lets through what only looks suspicious", () => {
      const ask = asking(["GET /{x=**}"]);
      for (const path of ["/...", "/..a", "/a..", "/.a", "/a;b=c", "/a@b", "/a|b", "/~x"]) {
        expect(ask(`GET ${path}`)).to.equal(`GET /{x=**} ${JSON.stringify(path.slice(1))}`);
      }
    });

    it("names the place and the character", () => {
      const router = createRouter([], { profile: "strict", urlUnescape: "all" });
      expect(router.match("GET", "/a/b\\c")).to.deep.equal({
        kind: "bad-path",
        reason: "PATH_INVALID_CHARACTER",
        message: `"\\" at character 5 of the path must be percent-encoded`,
      });
    });

    it("refuses a limit that is none", () => {
      for (const maxPathLength of [0, -1, NaN, Infinity, 1.5]) {
        expect(() => createRouter([], { profile: "strict", urlUnescape: "all", maxPathLength })).to.throw(RangeError);
      }
    });
  });

  describe("in profile grpc-gateway", () => {
    it("lets the last registered of all matching bindings win", () => {
      expect(asking(["GET /v1/{x}", "GET /v1/a"], gateway)("GET /v1/a")).to.equal("GET /v1/a");
      expect(asking(["GET /v1/a", "GET /v1/{x}"], gateway)("GET /v1/a")).to.equal(`GET /v1/{x} "a"`);
      expect(asking(["GET /v1/a", "GET /**", "POST /v1/{x}"], gateway)("GET /v1/a")).to.equal("GET /**");
      expect(asking(["GET /v1/{x}", "GET /v1/{y}"], gateway)("GET /v1/a")).to.equal(`GET /v1/{y} "a"`);
      expect(asking(["GET /v1/{x}:v", "GET /v1/{y}"], gateway)("GET /v1/a:v")).to.equal(`GET /v1/{y} "a:v"`);
      expect(asking(["GET /v1/{y}", "GET /v1/{x}:v"], gateway)("GET /v1/a:v")).to.equal(`GET /v1/{x}:v "a"`);
    });

    it("prefers a binding of the method itself to GET for HEAD and to *", () => {
      expect(asking(["HEAD /a", "GET /{x}", "* /**"], gateway)("HEAD /a")).to.equal("HEAD /a");
      expect(asking(["GET /{x}", "* /**"], gateway)("HEAD /a")).to.equal(`GET /{x} "a"`);
    });

    it("matches an empty segment with *", () => {
      const ask = asking(["GET /v1/{x}", "GET /v1/{x}/b", "GET /w/{x=**}", "GET /{r}"], gateway);
      expect(ask("GET /v1/")).to.equal(`GET /v1/{x} ""`);
      expect(ask("GET /v1//b")).to.equal(`GET /v1/{x}/b ""`);
      expect(ask("GET /w/a/")).to.equal(`GET /w/{x=**} "a/"`);
      expect(ask("GET /")).to.equal(`GET /{r} ""`);
      expect(ask("GET /v1")).to.equal(`GET /{r} "v1"`);
      expect(ask("GET /v1/a/c")).to.equal("404");
      expect(asking(["GET /a"], gateway)("GET /a/")).to.equal("404");
    });

    it("takes encoded separators for separators when everything is decoded", () => {
      const options = { profile: "grpc-gateway", urlUnescape: "all" } as const;
      const ask = asking(["GET /v1/{x}", "GET /v1/{x}/b", "GET /v1/{x}:do"], options);
      expect(ask("GET /v1/a%2fb")).to.equal(`GET /v1/{x}/b "a"`);
      expect(ask("GET /v1%2Fa")).to.equal(`GET /v1/{x} "a"`);
      expect(ask("GET /v1/a%3Ado")).to.equal(`GET /v1/{x}:do "a"`);
      expect(ask("GET /v1/a%252Fb")).to.equal(`GET /v1/{x} "a%2Fb"`);
      expect(ask("GET /v1/a%2F..")).to.equal("400 PATH_DOT_SEGMENT");
    });

    it("gives up at a binding whose verb is all of the last segment", () => {
      const ask = asking(["POST /v1/{x}:do", "GET /v1/{x}"], gateway);
      expect(ask("POST /v1/:do")).to.equal("404");
      expect(ask("GET /v1/:do")).to.equal(`GET /v1/{x} ":do"`);
      expect(asking(["POST /v1/{x}:do", "POST /v1/{x}"], gateway)("POST /v1/:do")).to.equal(`POST /v1/{x} ":do"`);
      expect(asking(["POST /v1/{x}", "POST /v1/{x}:do"], gateway)("POST /v1/:do")).to.equal("404");
    });

    it("still refuses dot segments", () => {
      expect(asking(["GET /{x=**}"], gateway)("GET /a/../b")).to.equal("400 PATH_DOT_SEGMENT");
    });

    it("reports other methods", () => {
      expect(asking(["GET /a"], gateway)("POST /a")).to.equal("405 GET,HEAD,OPTIONS");
    });
  });
});
