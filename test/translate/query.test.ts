// Query strings: names, values of every type, what is refused and in which words, in both profiles.
import { expect } from "chai";
import fc from "fast-check";
import { GatewayError } from "../../src/status.ts";
import { parseQuery, readSystemParameters } from "../../src/translate/request/query.ts";
import { anyText } from "../support/any-text.ts";
import { gateway, readRequest, refusal, seen, strict, violations } from "./request-fixture.ts";

function query(text: string): unknown {
  return seen({ rpc: "Query", query: text });
}

function lenient(text: string): unknown {
  return seen({ rpc: "Query", query: text }, gateway);
}

function refused(text: string): string[] {
  return violations({ rpc: "Query", query: text });
}

function message(text: string): string {
  return refusal(() => readRequest({ rpc: "Query", query: text })).message;
}

const accepted: readonly (readonly [string, unknown])[] = [
  ["", {}],
  ["&&", {}],
  ["i32=5", { i32: 5 }],
  ["i32=-2147483648", { i32: -2147483648 }],
  ["i32=007", { i32: 7 }],
  ["i32=0", {}],
  ["maybe=0", { maybe: 0 }],
  ["i64=9007199254740993", { i64: "9007199254740993" }],
  ["i64=-9223372036854775808", { i64: "-9223372036854775808" }],
  ["u32=4294967295&u64=18446744073709551615", { u32: 4294967295, u64: "18446744073709551615" }],
  ["s32=-5&s64=-9223372036854775808", { s32: -5, s64: "-9223372036854775808" }],
  ["f32=4294967295&f64=18446744073709551615", { f32: 4294967295, f64: "18446744073709551615" }],
  ["sf32=-1&sf64=-1", { sf32: -1, sf64: "-1" }],
  ["flt=1.5&dbl=1e300", { flt: 1.5, dbl: 1e300 }],
  ["dbl=.5&flt=-3.", { dbl: 0.5, flt: -3 }],
  ["flt=NaN&dbl=-Infinity", { flt: "NaN", dbl: "-Infinity" }],
  ["dbl=Infinity", { dbl: "Infinity" }],
  ["flag=true", { flag: true }],
  ["flag=false", {}],
  ["text=a+b%20c%2B", { text: "a b c+" }],
  ["text", {}],
  ["text=", {}],
  ["text=a=b", { text: "a=b" }],
  ["text=%E2%82%AC", { text: "€" }],
  ["%74ext=x", { text: "x" }],
  ["search[text]=x&parts[]=1&parts%5B%5D=2", { "search[text]": "x", "parts[]": [1, 2] }],
  ["found=x&parts=1", { "search[text]": "x", "parts[]": [1] }],
  ["named.a.b=x&named.plain=y", { named: { "a.b": "x", plain: "y" } }],
  ["data=AQID", { data: "AQID" }],
  ["data=-_8", { data: "+/8=" }],
  ["data=-_8%3D", { data: "+/8=" }],
  ["data=%2B/8=", { data: "+/8=" }],
  ["state=STATE_ACTIVE", { state: "STATE_ACTIVE" }],
  ["state=2", { state: "STATE_DONE" }],
  ["ints=1&ints=2&ints=3", { ints: [1, 2, 3] }],
  ["texts=a&texts=&texts=b", { texts: ["a", "", "b"] }],
  ["states=STATE_DONE&states=1", { states: ["STATE_DONE", "STATE_ACTIVE"] }],
  ["labels[a]=1&labels%5Bb.c%5D=2", { labels: { a: "1", "b.c": "2" } }],
  ["labels[]=x", { labels: { "": "x" } }],
  ["labels[a[0]]=x", { labels: { "a[0]": "x" } }],
  ["bits[1]=true&bits[-2]=false", { bits: { "1": true, "-2": false } }],
  ["switches[true]=5", { switches: { true: "5" } }],
  ["big[-9223372036854775808]=18446744073709551615", { big: { "-9223372036854775808": "18446744073709551615" } }],
  ["labels[__proto__]=x", JSON.parse('{"labels":{"__proto__":"x"}}')],
  ["at=2026-11-21T08:30:00Z", { at: "2026-11-21T08:30:00Z" }],
  ["at=2026-11-21T08:30:00.123456789%2B02:00", { at: "2026-11-21T06:30:00.123456789Z" }],
  ["at=0001-01-01T00:00:00Z", { at: "0001-01-01T00:00:00Z" }],
  ["at=9999-12-31T23:59:59.999999999Z", { at: "9999-12-31T23:59:59.999999999Z" }],
  ["at=2024-02-29T00:00:00-00:30", { at: "2024-02-29T00:30:00Z" }],
  ["at=1970-01-01T00:00:00Z", { at: "1970-01-01T00:00:00Z" }],
  [
    "times=2026-01-01T00:00:00Z&times=2027-01-01T00:00:00Z",
    { times: ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"] },
  ],
  ["for=1.5s", { for: "1.500s" }],
  ["for=-0.000000001s", { for: "-0.000000001s" }],
  ["for=1h30m", { for: "5400s" }],
  ["for=1m2.5s3ms", { for: "62.503s" }],
  ["for=315576000000s", { for: "315576000000s" }],
  ["for=0s", { for: "0s" }],
  ["mask=displayName,author.fullName", { mask: "displayName,author.fullName" }],
  ["mask=display_name", { mask: "displayName" }],
  ["w32=0", { w32: 0 }],
  ["w32=-5&w64=12&wbool=false&wtext=&wdbl=1.5", { w32: -5, w64: "12", wbool: false, wtext: "", wdbl: 1.5 }],
  ["wdata=AQ", { wdata: "AQ==" }],
  ["anyJson=5", { anyJson: 5 }],
  ["any_json=%22x%22", { anyJson: "x" }],
  ["any_json=null", { anyJson: null }],
  ["object=%7B%22a%22:[1,true]%7D", { object: { a: [1, true] } }],
  ["list=[1,%22a%22]", { list: [1, "a"] }],
  ["author.fullName=Ann&author.age=40", { author: { fullName: "Ann", age: 40 } }],
  ["author.full_name=Ann", { author: { fullName: "Ann" } }],
  ["author.mentor.mentor.age=9", { author: { mentor: { mentor: { age: 9 } } } }],
  ["author.age=0", { author: {} }],
  ["a=x", { a: "x" }],
  ["b=0", { b: 0 }],
  ["c.age=1&c.full_name=x", { c: { age: 1, fullName: "x" } }],
  ["utm_source=x&utm_=y&key=1", {}],
  ["$fields=a&$pretty&$timeout=1s&$alt=json", {}],
];

const refusedCases: readonly (readonly [string, string, RegExp])[] = [
  ["i32=", "i32 VALUE_INVALID", /whole number from -2147483648 to 2147483647, got ""/],
  ["i32=1.0", "i32 VALUE_INVALID", /got "1\.0"/],
  ["i32=0x10", "i32 VALUE_INVALID", /whole number/],
  ["i32=%2B5", "i32 VALUE_INVALID", /whole number/],
  ["i32=2147483648", "i32 VALUE_OUT_OF_RANGE", /2147483648/],
  ["i64=9223372036854775808", "i64 VALUE_OUT_OF_RANGE", /to 9223372036854775807/],
  ["u32=-1", "u32 VALUE_INVALID", /from 0 to 4294967295/],
  ["u64=18446744073709551616", "u64 VALUE_OUT_OF_RANGE", /18446744073709551615/],
  [`i64=${"9".repeat(5000)}`, "i64 VALUE_INVALID", /…/],
  ["flt=1e39", "flt VALUE_OUT_OF_RANGE", /beyond the range of a float/],
  ["dbl=1e400", "dbl VALUE_OUT_OF_RANGE", /beyond the range of a double/],
  ["dbl=inf", "dbl VALUE_INVALID", /expected a number, NaN, Infinity or -Infinity/],
  ["dbl=", "dbl VALUE_INVALID", /expected a number/],
  ["flag=1", "flag VALUE_INVALID", /expected true or false, got "1"/],
  ["flag=True", "flag VALUE_INVALID", /true or false/],
  ["flag", "flag VALUE_INVALID", /true or false/],
  ["data=", "data VALUE_INVALID", /empty/],
  ["data=A", "data VALUE_INVALID", /base64/],
  ["data=AB+D", "data VALUE_INVALID", /written %2B/],
  ["data=-/AA", "data VALUE_INVALID", /base64/],
  ["state=ACTIVE", "state ENUM_UNKNOWN", /expected one of STATE_UNSPECIFIED, STATE_ACTIVE, STATE_DONE, got "ACTIVE"/],
  ["state=STATE_ACTIV", "state ENUM_UNKNOWN", /did you mean "STATE_ACTIVE"/],
  ["state=7", "state ENUM_UNKNOWN", /expected one of/],
  ["state=", "state ENUM_UNKNOWN", /expected one of/],
  ["i32=1&i32=1", "i32 FIELD_DUPLICATE", /more than once/],
  ["any_json=1&anyJson=2", "anyJson FIELD_DUPLICATE", /more than once/],
  ["labels[a]=1&labels[a]=2", "labels[a] FIELD_DUPLICATE", /key of the map/],
  ["bits[1]=true&bits[01]=true", "bits[01] FIELD_DUPLICATE", /key of the map/],
  ["a=x&b=1", "b ONEOF_DUPLICATE", /"a" is set already; only one field of oneof "choice"/],
  ["a=x&c.age=1", "c.age ONEOF_DUPLICATE", /oneof "choice"/],
  ["wrong=1", "wrong FIELD_UNKNOWN", /t\.Everything has no field "wrong"/],
  ["txt=1", "txt FIELD_UNKNOWN", /did you mean "text"/],
  ["author.fulName=x", "author.fulName FIELD_UNKNOWN", /did you mean "author\.fullName"/],
  ["__proto__=1", "__proto__ FIELD_UNKNOWN", /no field "__proto__"/],
  ["author.__proto__.x=1", "author.__proto__.x FIELD_UNKNOWN", /no field "__proto__"/],
  ["constructor.prototype=1", "constructor.prototype FIELD_UNKNOWN", /no field/],
  ["=1", " NAME_INVALID", /has no name/],
  [".text=1", ".text NAME_INVALID", /name is missing/],
  ["text.x=1", "text.x FIELD_NOT_BINDABLE", /"text" has no fields of its own/],
  ["authors.age=1", "authors.age FIELD_NOT_BINDABLE", /list of messages/],
  ["authors=1", "authors FIELD_NOT_BINDABLE", /list of messages/],
  ["author=1", "author FIELD_NOT_BINDABLE", /set its fields as author\.name=value/],
  ["any=1", "any FIELD_NOT_BINDABLE", /google\.protobuf\.Any has no form as text/],
  ["any.type_url=1", "any.type_url FIELD_NOT_BINDABLE", /google\.protobuf\.Any/],
  ["labels=1", "labels FIELD_NOT_BINDABLE", /labels\[key\]=value/],
  ["labels.a=1", "labels.a FIELD_NOT_BINDABLE", /labels\[key\]=value/],
  ["people[a]=1", "people[a] FIELD_NOT_BINDABLE", /map of messages/],
  ["people[a].age=1", "people[a].age FIELD_NOT_BINDABLE", /map of messages/],
  ["bits[x]=true", "bits[x] VALUE_INVALID", /whole number/],
  ["ints[]=1", "ints[] FIELD_NOT_BINDABLE", /ints=1&ints=2/],
  ["text[0]=1", "text[0] FIELD_NOT_BINDABLE", /only for maps/],
  ["at=yesterday", "at VALUE_INVALID", /a time like/],
  ["at=", "at VALUE_INVALID", /a time like/],
  ["at=2026-02-29T00:00:00Z", "at VALUE_INVALID", /a time like/],
  ["at=2026-01-01T24:00:00Z", "at VALUE_INVALID", /a time like/],
  ["at=2026-01-01T00:00:00", "at VALUE_INVALID", /a time like/],
  ["at=2026-01-01T00:00:00.1234567890Z", "at VALUE_INVALID", /a time like/],
  ["at=2026-01-01T00:00:00+02:00", "at VALUE_INVALID", /written %2B/],
  ["at=0001-01-01T00:00:00%2B01:00", "at VALUE_OUT_OF_RANGE", /years 1 to 9999/],
  ["at.seconds=5", "at.seconds FIELD_NOT_BINDABLE", /one value of type google\.protobuf\.Timestamp; write at=value/],
  ["for=5", "for VALUE_INVALID", /duration like/],
  ["for=1.0000000001s", "for VALUE_OUT_OF_RANGE", /nanosecond/],
  ["for=315576000001s", "for VALUE_OUT_OF_RANGE", /315576000000s/],
  ["mask=", "mask VALUE_INVALID", /empty/],
  ["mask=a,,b", "mask VALUE_INVALID", /field paths/],
  ["w32=x", "w32 VALUE_INVALID", /whole number/],
  ["any_json=", "any_json JSON_SYNTAX", /any_json/],
  ["any_json=%7B", "any_json JSON_SYNTAX", /any_json/],
  ["object=5", "object VALUE_INVALID", /object/],
  ["$field=a", "$field FIELD_UNKNOWN", /did you mean "\$fields"/],
];

describe("query", () => {
  for (const [text, expected] of accepted)
    it(`reads ${text || "nothing"}`, () => expect(query(text)).to.deep.equal(expected));

  for (const [text, violation, pattern] of refusedCases) {
    it(`refuses ${text.slice(0, 60)}`, () => {
      expect(refused(text)).to.deep.equal([violation]);
      expect(message(text)).to.match(pattern);
    });
  }

  it("reports everything that is wrong at once, with the first as its message", () => {
    expect(refused("i32=x&wrong=1&flag=2")).to.deep.equal([
      "i32 VALUE_INVALID",
      "wrong FIELD_UNKNOWN",
      "flag VALUE_INVALID",
    ]);
    expect(message("i32=x&wrong=1&flag=2")).to.match(/^i32: expected .* \(and 2 more\)$/);
  });

  it("stops reporting at twenty violations", () => {
    const text = Array.from({ length: 200 }, (_, index) => `nope${index}=1`).join("&");
    expect(refused(text)).to.have.length(20);
  });

  it("refuses bad percent-encoding and bytes that are not UTF-8, showing them", () => {
    for (const text of ["text=%", "text=%2", "text=%zz", "%=1"])
      expect(refusal(() => readRequest({ rpc: "Query", query: text })).reason).to.equal("PERCENT_ENCODING_INVALID");
    expect(message("text=%G1")).to.contain('"%G1" where % must be followed by two hex digits');
    expect(message("text=%FF")).to.contain("not UTF-8");
    expect(message("text=%ED%A0%80")).to.contain("not UTF-8");
    expect(message("text=%C0%AF")).to.contain("not UTF-8");
  });

  it("refuses more than 256 parameters or 8192 characters", () => {
    expect(refusal(() => readRequest({ rpc: "Query", query: "ints=1&".repeat(257) })).reason).to.equal(
      "QUERY_TOO_LARGE",
    );
    expect(refusal(() => readRequest({ rpc: "Query", query: `text=${"x".repeat(8192)}` })).reason).to.equal(
      "QUERY_TOO_LARGE",
    );
    expect(query("ints=1&".repeat(256))).to.deep.equal({
      ints: Array.from({ length: 256 }, () => 1),
    });
  });

  it("refuses names more than 32 fields deep", () => {
    expect(() => query(`author${".mentor".repeat(30)}.age=1`)).not.to.throw();
    expect(refused(`author${".mentor".repeat(31)}.age=1`)[0]).to.match(/ DEPTH_EXCEEDED$/);
  });

  it("throws nothing but GatewayError, whatever the text", () => {
    const names = fc.constantFrom(
      "i32",
      "labels[a]",
      "labels[",
      "author.age",
      "at",
      "any_json",
      "c.age",
      "a",
      "$fields",
      "__proto__",
      "data",
    );
    const pair = fc
      .tuple(
        fc.oneof(names, fc.string()),
        fc.oneof(fc.string(), anyText({ maxLength: 10 }).map(encodeURIComponent).filter(Boolean)),
      )
      .map(([name, value]) => `${name}=${value}`);
    const texts = fc.oneof(
      anyText({ maxLength: 200 }),
      fc.array(pair, { maxLength: 8 }).map((pairs) => pairs.join("&")),
    );
    fc.assert(
      fc.property(texts, fc.constantFrom(strict, gateway), (text, options) => {
        try {
          readRequest({ rpc: "Query", query: text }, options);
        } catch (error) {
          if (!(error instanceof GatewayError) || error.httpStatus !== 400) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("gives back every string and number it was given", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.double({ noDefaultInfinity: true, noNaN: true }),
        (text, integer, number) => {
          const got = seen({
            rpc: "Query",
            query: `wtext=${encodeURIComponent(text)}&w64=${integer}&wdbl=${encodeURIComponent(String(number))}`,
          });
          expect(got).to.deep.equal({ wtext: text, w64: String(integer), wdbl: number + 0 });
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("query in profile grpc-gateway", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["wrong=1&author.wrong=2&$nope=1", { author: {} }],
    ["flag=1&wbool=F", { flag: true, wbool: false }],
    ["flag=T", { flag: true }],
    ["i32=%2B5", { i32: 5 }],
    ["dbl=inf&flt=nan", { dbl: "Infinity", flt: "NaN" }],
    ["dbl=-INFINITY", { dbl: "-Infinity" }],
    ["data=&text=x", { text: "x" }],
    ["at.seconds=5", { at: "1970-01-01T00:00:05Z" }],
    ["labels[a]=1", { labels: { a: "1" } }],
    ["for=1h30m", { for: "5400s" }],
  ];
  for (const [text, expected] of cases) it(`reads ${text}`, () => expect(lenient(text)).to.deep.equal(expected));

  for (const text of [
    "i32=x",
    "flag=yes",
    "state=NOPE",
    "a=1&b=2",
    "i32=1&i32=2",
    "author=1",
    "authors.age=1",
    "text=%zz",
    "i32=",
    "at=now",
  ]) {
    it(`refuses ${text}`, () =>
      expect(refusal(() => readRequest({ rpc: "Query", query: text }, gateway)).httpStatus).to.equal(400));
  }

  it("takes field masks as they are", () => {
    const bytes = Buffer.from(readRequest({ rpc: "Query", query: "mask=fooBar,b_c" }, gateway));
    expect(bytes.includes("fooBar")).to.equal(true);
    expect(bytes.includes("b_c")).to.equal(true);
  });
});

describe("enum names in a query", () => {
  const options = {
    ...strict,
    json: { ...strict.json, stripEnumPrefix: true, caseInsensitiveEnums: true },
  };

  it("may come without prefix and in any case by option", () => {
    for (const name of ["STATE_ACTIVE", "ACTIVE", "active", "State_Active", "1"])
      expect(seen({ rpc: "Query", query: `state=${name}` }, options)).to.deep.equal({
        state: "STATE_ACTIVE",
      });
  });

  it("are listed without prefix then", () => {
    const error = refusal(() => readRequest({ rpc: "Query", query: "state=x" }, options));
    expect(error.message).to.contain("UNSPECIFIED, ACTIVE, DONE");
  });
});

describe("parseQuery", () => {
  it("keeps order and repeats", () => {
    expect(parseQuery("b=2&a=1&b")).to.deep.equal([
      { name: "b", value: "2" },
      { name: "a", value: "1" },
      { name: "b", value: "" },
    ]);
  });
});

describe("readSystemParameters", () => {
  it("finds the gateway's own parameters among the others", () => {
    expect([...readSystemParameters("a=1&$fields=x%2Cy&%24pretty&$nope=1&$fields=z")]).to.deep.equal([
      ["$fields", "x,y"],
      ["$pretty", ""],
    ]);
    expect(readSystemParameters("fields=x").size).to.equal(0);
  });
});
