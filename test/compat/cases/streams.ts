// Streaming methods: lines of results, the error in their end, and request bodies of many messages.
import { collect } from "../case.ts";

const echo = "/v1/example/a_bit_of_everything/echo";
const bulk = "/v1/example/a_bit_of_everything/bulk";
const list = "/v1/example/a_bit_of_everything";

/** google.rpc.Status in base64, with RetryInfo of two seconds. */
const retryDetails = "CAgSCXNsb3cgZG93bhouCih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgIKAA==";

export const streamCases = [
  // First of all: the example server lists what other cases have created, in a new order each time.
  ...collect("example", "replies", (ask) => {
    ask(`GET ${list}?error=true`);
    ask(`GET ${list}?error=x`);
    ask(`GET ${list}?nope=1&error=true`);
    ask(`GET ${list}?error=true`, { headers: ["Accept", "text/event-stream"] });
    ask("GET /v1/example/download");
    ask("GET /v1/example/download?error=true");
    ask("GET /v1/example/download", { headers: ["Accept", "application/json"] });
  }),
  ...collect("example", "both ways", (ask) => {
    ask(`POST ${echo}`, '{"value":"a"}');
    ask(`POST ${echo}`, '{"value":"a"}{"value":"b"}\n\n{"value":"c"}');
    ask(`POST ${echo}`, '"a" "b" "c"');
    ask(`POST ${echo}`, "");
    ask(`POST ${echo}`, " ");
    ask(`POST ${echo}`);
    ask(`POST ${echo}`, '{"value":"a"}{"value":5}{"value":"c"}');
    ask(`POST ${echo}`, '{"value":"a"}{"value"');
    ask(`POST ${echo}`, '[{"value":"a"}]');
    ask(`POST ${echo}`, '{"value":"a"},{"value":"b"}');
    ask(`POST ${echo}`, { body: '{"nope":1}{"value":"b"}', difference: "required fields" });
    ask(`POST ${echo}?value=q`, '{"value":"a"}');
    ask(`POST ${echo}`, { body: '{"value":"a"}', headers: ["Content-Type", "application/x-ndjson"] });
    ask(`POST ${echo}`, { body: '{"value":"a"}', headers: ["Content-Type", "application/json; charset=latin-1"] });
    ask(`POST ${echo}`, { body: '{"value":"a"}', headers: ["Accept", "text/event-stream"] });
    ask(`POST ${echo}`, { body: '{"value":"a"}', headers: ["Accept", "application/x-ndjson"] });
    ask(`POST ${echo}`, { body: '{"value":"a"}', headers: ["TE", "trailers"] });
    ask(`POST ${echo}_duration`, '"1s""2.5s"');
    ask(`GET ${echo}`);
  }),
  ...collect("example", "bulk", (ask) => {
    ask(`POST ${bulk}`, '{"stringValue":"a"}{"stringValue":"b"}\n{"int32Value":5}');
    ask(`POST ${bulk}`, "");
    ask(`POST ${bulk}`, '{"int32Value":"x"}');
    ask(`POST ${bulk}`, '{"stringValue":"a"}{"int32Value"');
    ask(`POST ${bulk}`, '{"stringValue":"a"}x');
    ask(`POST ${bulk}`, { body: '{"stringValue":"a"}', headers: ["TE", "trailers"] });
    ask(`POST ${bulk}`, { body: '{"stringValue":"a"}', headers: ["Grpc-Metadata-Error", "no"] });
  }),
  ...collect("echo", "streams", (ask) => {
    const with_ = (...headers: string[]) => ({ body: '{"value":"a"}{"value":"b"}', headers });
    ask(`POST ${echo}`, with_());
    ask(`POST ${echo}`, with_("Grpc-Metadata-Repeat", "3"));
    ask(`POST ${echo}`, with_("Grpc-Metadata-Header-X", "1", "Grpc-Metadata-Trailer-Y", "2"));
    ask(`POST ${echo}`, with_("Grpc-Metadata-Header-X", "1", "Grpc-Metadata-Trailer-Y", "2", "TE", "trailers"));
    for (const code of ["1", "2", "3", "5", "7", "8", "14", "16"]) {
      ask(`POST ${echo}`, with_("Grpc-Metadata-Fail-Code", code, "Grpc-Metadata-Fail-Message", "no more"));
      ask(`POST ${echo}`, with_("Grpc-Metadata-Fail-Code", code, "Grpc-Metadata-Fail-At", "start"));
      ask(`POST ${echo}`, { headers: ["Grpc-Metadata-Fail-Code", code, "Grpc-Metadata-Header-X", "1"] });
    }
    ask(
      `POST ${echo}`,
      with_(
        "Grpc-Metadata-Fail-Code",
        "8",
        "Grpc-Metadata-Fail-Message",
        "slow down",
        "Grpc-Metadata-Fail-Details-Bin",
        retryDetails,
      ),
    );
    ask(`GET ${list}`);
    ask(`GET ${list}`, { headers: ["Grpc-Metadata-Repeat", "3"] });
    ask(`GET ${list}`, { headers: ["Grpc-Metadata-Fail-Code", "5", "Grpc-Metadata-Fail-Message", "no more"] });
    ask(`GET ${list}`, { headers: ["Grpc-Metadata-Repeat", "0"] });
    ask(`GET ${list}?error=x`);
    ask("GET /v1/example/download", { headers: ["Grpc-Metadata-Repeat", "0"] });
    ask("GET /v1/example/download", { headers: ["Grpc-Metadata-Repeat", "2"], difference: "untyped bodies" });
    ask("GET /v1/example/download", { headers: ["Grpc-Metadata-Repeat", "0", "Grpc-Metadata-Fail-Code", "5"] });
    ask(`POST ${bulk}`, {
      body: "{}{}",
      headers: ["Grpc-Metadata-Fail-Code", "9", "Grpc-Metadata-Trailer-Y", "2", "TE", "trailers"],
    });
    ask(`POST ${bulk}`, { body: "{}", headers: ["Grpc-Metadata-Fail-Code", "9", "Grpc-Metadata-Fail-At", "start"] });
    ask(`POST ${bulk}`, { body: "{}{}", headers: ["Grpc-Metadata-Header-X", "1", "Grpc-Metadata-Trailer-Y", "2"] });
  }),
];
