import { expect } from "chai";
import { plotSvg } from "../../bench/report/plot.ts";

const words = { title: "Cost & size", xLabel: "bytes", yLabel: "µs" };

function pathHeights(svg: string): number[] {
  const [, path] = /<path stroke="[^"]+" d="M([^"]+)"/.exec(svg) ?? [];
  return (path ?? "").split(" L").map((place) => Number(place.split(" ")[1]));
}

describe("plotSvg", () => {
  it("draws what is in proportion as a straight rise and what does not grow as a level line", () => {
    const rising = pathHeights(
      plotSvg({
        ...words,
        series: [
          {
            name: "a",
            points: [
              [1, 2],
              [10, 20],
              [100, 200],
            ],
          },
        ],
      }),
    );
    expect(rising[0] - rising[1]).to.be.closeTo(rising[1] - rising[2], 0.2);
    expect(rising[0]).to.be.greaterThan(rising[2]);
    const level = pathHeights(
      plotSvg({
        ...words,
        series: [
          {
            name: "a",
            points: [
              [1, 20],
              [100, 20],
            ],
          },
        ],
      }),
    );
    expect(level[0]).to.equal(level[1]);
  });

  it("escapes names and follows the reader's colour scheme", () => {
    const svg = plotSvg({
      ...words,
      series: [
        {
          name: "<b>",
          points: [
            [1, 2],
            [2, 2],
          ],
        },
      ],
    });
    expect(svg).to.include("Cost &amp; size").and.include("&lt;b>").and.include("prefers-color-scheme:dark");
    expect(svg).not.to.include("<b>");
  });

  it("keeps the names of lines apart that end at the same height", () => {
    const points = [
      [1, 5],
      [2, 5],
    ] as const;
    const svg = plotSvg({ ...words, series: ["a", "b", "c"].map((name) => ({ name, points })) });
    const heights = [...svg.matchAll(/x="580" y="([\d.]+)">/g)].map((match) => Number(match[1]));
    expect(heights).to.have.length(3);
    expect(heights[1] - heights[0]).to.be.at.least(12);
    expect(heights[2] - heights[1]).to.be.at.least(12);
  });
});
