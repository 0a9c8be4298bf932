// How the process fares: what keeps calls waiting that no call is to blame for. Watches the event loop and the garbage collector.
import { PerformanceObserver, constants, performance } from "node:perf_hooks";
import type { PerformanceEntry } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import { bucketOf, countsByBucket } from "../exposition.ts";
import type { Metric, NumberMetric } from "../exposition.ts";

/** Often enough to meet with a pause of some milliseconds now and then, seldom enough to cost nothing. */
const lagIntervalMs = 50;
const lagBounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const collectionBounds: readonly number[] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5];

const collectionKinds: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weak_callbacks"],
]);

class Durations {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = countsByBucket(bounds);
  }

  add(seconds: number): void {
    this.counts[bucketOf(this.bounds, seconds)]++;
    this.sum += seconds;
  }
}

export interface Runtime {
  metrics(): readonly Metric[];
  stop(): void;
}

/** Keeps no process running. */
export function watchRuntime(): Runtime {
  const lag = new Durations(lagBounds);
  const collections = new Map([...collectionKinds.values()].map((kind) => [kind, new Durations(collectionBounds)]));
  let due = performance.now() + lagIntervalMs;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.add(Math.max(0, now - due) / 1000);
    due = now + lagIntervalMs;
  }, lagIntervalMs);
  timer.unref();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // What the types of Node do not know: https://nodejs.org/api/perf_hooks.html#garbage-collection-gc-details
      const { kind = -1 } = (entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }).detail ?? {};
      collections.get(collectionKinds.get(kind) ?? "")?.add(entry.duration / 1000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    metrics: () => [
      {
        name: "nodejs_eventloop_lag_seconds",
        type: "histogram",
        help: "How late a timer of the gateway fired: what anything that happened then had to wait.",
        samples: [[{}, lag]],
      },
      {
        name: "nodejs_gc_duration_seconds",
        type: "histogram",
        help: "Pauses for garbage collection, by kind.",
        samples: [...collections].map(([kind, durations]) => [{ kind }, durations]),
      },
      ...utilization(),
      ...memory(),
      ...processMetrics(),
    ],
    stop() {
      clearInterval(timer);
      observer.disconnect();
    },
  };
}

function utilization(): NumberMetric[] {
  const { active, idle } = performance.eventLoopUtilization();
  return [
    single("nodejs_eventloop_active_seconds_total", "counter", "Time that the event loop had work.", active / 1000),
    single("nodejs_eventloop_idle_seconds_total", "counter", "Time that the event loop had none.", idle / 1000),
  ];
}

function memory(): NumberMetric[] {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return [
    single("process_resident_memory_bytes", "gauge", "Resident memory of the gateway.", rss),
    single("nodejs_heap_size_used_bytes", "gauge", "Used heap of the gateway.", heapUsed),
    single("nodejs_heap_size_total_bytes", "gauge", "Heap that the gateway holds.", heapTotal),
    single(
      "nodejs_heap_size_limit_bytes",
      "gauge",
      "Heap that it may hold; at this size the process ends.",
      getHeapStatistics().heap_size_limit,
    ),
    single("nodejs_external_memory_bytes", "gauge", "Memory outside of the heap, of objects in it.", external),
    single("nodejs_array_buffers_bytes", "gauge", "The part of it that is buffers.", arrayBuffers),
  ];
}

function processMetrics(): NumberMetric[] {
  const { user, system } = process.cpuUsage();
  return [
    single("process_cpu_seconds_total", "counter", "CPU time of the gateway.", (user + system) / 1e6),
    single(
      "process_start_time_seconds",
      "gauge",
      "When the process began, in Unix time.",
      Math.round(performance.timeOrigin) / 1000,
    ),
  ];
}

function single(name: string, type: NumberMetric["type"], help: string, value: number): NumberMetric {
  return { name, type, help, samples: [[{}, value]] };
}
