/** A line of a plot: what it is called, and its points. Both numbers are over 0. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const size = { width: 780, height: 460 } as const;
/** Where the lines are drawn; the legend stands to the right of it. */
const area = { left: 100, right: 580, top: 50, bottom: 400 } as const;
/** Told apart also without colours, by their dashes and marks (Okabe and Ito's palette). */
const styles = [
  { colour: '#000000', dash: '2 3' },
  { colour: '#d55e00', dash: '' },
  { colour: '#e69f00', dash: '8 3' },
  { colour: '#0072b2', dash: '8 3 2 3' },
  { colour: '#009e73', dash: '' },
] as const;

/** Both axes logarithmic, with a line at each power of ten. */
export function plotted({ title, x, y, series }: Plot): string {
  const all = series.flatMap(({ points }) => points);
  const across = axis(
    all.map(([value]) => value),
    [area.left, area.right],
  );
  const up = axis(
    all.map(([, value]) => value),
    [area.bottom, area.top],
  );
  const middle = (area.left + area.right) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="13">`,
    `<rect width="${size.width}" height="${size.height}" fill="#ffffff"/>`,
    text({ x: size.width / 2, y: 28, anchor: 'middle', more: 'font-size="14"' }, title),
    ...across.ticks.flatMap(({ value, at }) => [
      line([at, area.top], [at, area.bottom]),
      text({ x: at, y: area.bottom + 20, anchor: 'middle' }, grouped(value)),
    ]),
    ...up.ticks.flatMap(({ value, at }) => [
      line([area.left, at], [area.right, at]),
      text({ x: area.left - 8, y: at + 4, anchor: 'end' }, grouped(value)),
    ]),
    text({ x: middle, y: area.bottom + 46, anchor: 'middle' }, x),
    text(
      {
        x: 20,
        y: (area.top + area.bottom) / 2,
        anchor: 'middle',
        more: `transform="rotate(-90 20 ${(area.top + area.bottom) / 2})"`,
      },
      y,
    ),
    ...series.flatMap(({ name, points }, index) => {
      const { colour, dash } = styles[index % styles.length] ?? styles[0];
      const places = points.map(([a, b]) => [across.place(a), up.place(b)] as const);
      const stroke = `stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"`;
      const legend = area.top + 20 + 24 * index;
      return [
        `<polyline fill="none" ${stroke} points="${places.map(([a, b]) => `${round(a)},${round(b)}`).join(' ')}"/>`,
        ...places.map(([a, b]) => `<circle cx="${round(a)}" cy="${round(b)}" r="3.5" fill="${colour}"/>`),
        `<line x1="${area.right + 20}" y1="${legend}" x2="${area.right + 56}" y2="${legend}" ${stroke}/>`,
        text({ x: area.right + 64, y: legend + 4, anchor: 'start' }, name),
      ];
    }),
    '</svg>\n',
  ].join('\n');
}

interface Axis {
  readonly place: (value: number) => number;
  readonly ticks: readonly { readonly value: number; readonly at: number }[];
}

/** From the power of ten at or below the least value to the one at or above the greatest. */
function axis(values: readonly number[], [from, to]: readonly [number, number]): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const place = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => {
    const value = 10 ** (low + index);
    return { value, at: round(place(value)) };
  });
  return { place, ticks };
}

function line([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#cccccc"/>`;
}

interface Placed {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly more?: string;
}

function text({ x, y, anchor, more = '' }: Placed, words: string): string {
  const escaped = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" ${more}>${escaped}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
