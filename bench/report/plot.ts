// A line plot as SVG, for light and dark pages alike: text and rules follow the reader's colour scheme, lines suit both.

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface Plot {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const width = 800;
const height = 380;
const box = { left: 64, right: 560, top: 44, bottom: 324 };
const colours = ["#e8590c", "#1c7ed6", "#2f9e44", "#ae3ec9", "#f08c00", "#868e96"];
const labelHeight = 17;

/** Both axes are logarithmic: what grows in proportion is a straight line, what does not grow a level one. */
export function plotSvg(plot: Plot): string {
  const points = plot.series.flatMap((series) => series.points);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const [low, high] = yRange(points.map(([, y]) => y));
  const toX = (x: number): number =>
    scale(Math.log(x), [Math.log(xs[0]), Math.log(xs[xs.length - 1])], [box.left + 12, box.right - 12]);
  const toY = (y: number): number => scale(Math.log(y), [Math.log(low), Math.log(high)], [box.bottom, box.top]);
  const grid = ticks(low, high).flatMap((y) => [
    `<line class="grid" x1="${box.left}" x2="${box.right}" y1="${round(toY(y))}" y2="${round(toY(y))}"/>`,
    `<text class="small" text-anchor="end" x="${box.left - 8}" y="${round(toY(y) + 4)}">${grouped(y)}</text>`,
  ]);
  const marks = xs.map(
    (x) => `<text class="small" text-anchor="middle" x="${round(toX(x))}" y="${box.bottom + 18}">${grouped(x)}</text>`,
  );
  const lines = plot.series.map((series, at) => lineOf(series, colours[at % colours.length], { toX, toY }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(plot.title)}">`,
    `<style>${style}</style>`,
    `<text class="title" x="${box.left}" y="22">${escape(plot.title)}</text>`,
    ...grid,
    ...marks,
    `<text class="small" text-anchor="middle" x="${(box.left + box.right) / 2}" y="${box.bottom + 42}">${escape(plot.xLabel)}</text>`,
    `<text class="small" text-anchor="middle" transform="translate(16 ${(box.top + box.bottom) / 2}) rotate(-90)">${escape(plot.yLabel)}</text>`,
    ...lines,
    ...labels(plot.series, toY),
    "</svg>",
    "",
  ].join("\n");
}

const style =
  "text{font:14px system-ui,sans-serif;fill:#24292f}.small{font-size:12px}.title{font-weight:600}" +
  ".grid{stroke:#8c959f;stroke-opacity:.35}path{fill:none;stroke-width:2.5;stroke-linejoin:round}" +
  "@media(prefers-color-scheme:dark){text{fill:#e6edf3}}";

function lineOf(
  { points }: Series,
  colour: string,
  to: { readonly toX: (x: number) => number; readonly toY: (y: number) => number },
): string {
  const places = points.map(([x, y]) => `${round(to.toX(x))} ${round(to.toY(y))}`);
  const dots = places.map((place) => {
    const [x, y] = place.split(" ");
    return `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`;
  });
  return [`<path stroke="${colour}" d="M${places.join(" L")}"/>`, ...dots].join("");
}

/** Names at the ends of the lines, moved apart where lines end close together. */
function labels(series: readonly Series[], toY: (y: number) => number): string[] {
  const ends = series
    .map(({ name, points }, at) => ({
      name,
      colour: colours[at % colours.length],
      y: toY(points[points.length - 1][1]),
    }))
    .sort((a, b) => a.y - b.y);
  for (let at = 1; at < ends.length; at++) ends[at].y = Math.max(ends[at].y, ends[at - 1].y + labelHeight);
  const over = Math.max(0, (ends[ends.length - 1]?.y ?? 0) - box.bottom);
  return ends.map(
    ({ name, colour, y }) =>
      `<circle cx="${box.right + 10}" cy="${round(y - over)}" r="4" fill="${colour}"/>` +
      `<text class="small" x="${box.right + 20}" y="${round(y - over + 4)}">${escape(name)}</text>`,
  );
}

/** At least a factor of four, so that a level line looks level. */
function yRange(values: readonly number[]): [number, number] {
  const low = Math.min(...values) / 1.3;
  const high = Math.max(...values) * 1.2;
  const missing = Math.max(1, Math.sqrt(4 / (high / low)));
  return [low / missing, high * missing];
}

/** 1, 2 and 5 times the powers of ten within the range; only the powers where the range is wide. */
function ticks(low: number, high: number): number[] {
  const steps = high / low > 500 ? [1] : [1, 2, 5];
  const found: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10)
    for (const step of steps) if (power * step >= low && power * step <= high) found.push(power * step);
  return found;
}

function scale(value: number, [from, to]: readonly number[], [start, end]: readonly number[]): number {
  return to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function grouped(value: number): string {
  return (value < 1 ? Number(value.toPrecision(2)) : Math.round(value)).toLocaleString("en");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
