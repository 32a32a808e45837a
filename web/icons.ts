import type { Plugin } from "vite";

type IconData = { node: readonly (readonly [tag: string, attributes: Record<string, string>])[] };

/**
 * Lucide's components build their lines one by one from a list whenever an icon appears, which was a tenth of what
 * a board's first cards took. The list is known when the product is built: here it becomes markup, which a browser
 * copies whole. Nothing of an icon is outside its frame, so no frame need be cut out for each. Icons take `class` and
 * `aria-label`; without a label they are not read aloud.
 */
export function drawnIcons(): Plugin {
  return {
    name: "drawn-icons",
    enforce: "pre",
    transform: {
      filter: { id: /@lucide\/svelte\/dist\/icons\/[\w-]+\.svelte$/ },
      handler(code) {
        const [, json] = /const iconData = (\{.*\});/.exec(code) ?? [];
        if (!json) this.error("the icon's lines are not where they used to be");
        const { node } = JSON.parse(json) as IconData;
        return { code: component(node), map: null };
      },
    },
  };
}

function component(node: IconData["node"]): string {
  return `<script lang="ts">
  let { class: look, "aria-label": label } = $props();
</script>
<svg
  class={look} role={label ? "img" : undefined} aria-label={label} aria-hidden={label ? undefined : "true"}
  width="24" height="24" viewBox="0 0 24 24" fill="none" overflow="visible"
  stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"
>${markup(node)}</svg>`;
}

/** All lines as one path, where nothing but their form tells them apart: a board has a thousand of them. */
function markup(node: IconData["node"]): string {
  const paths = node.map(([tag, attributes]) => pathOf(tag, attributes));
  if (paths.every((path) => path !== undefined)) return `<path d="${paths.join("")}" />`;
  return node
    .map(([tag, attributes]) => {
      const written = Object.entries(attributes).map(([name, value]) => `${name}="${value}"`);
      return `<${tag} ${written.join(" ")} />`;
    })
    .join("");
}

const FORM: Record<string, readonly string[]> = {
  path: ["d"],
  circle: ["cx", "cy", "r"],
  line: ["x1", "y1", "x2", "y2"],
  rect: ["x", "y", "width", "height", "rx", "ry"],
};

/** A shape as path data that can follow other path data; undefined for one with a look of its own. */
function pathOf(tag: string, attributes: Record<string, string>): string | undefined {
  if (!Object.keys(attributes).every((name) => FORM[tag]?.includes(name))) return undefined;
  const of = (name: string): number => Number(attributes[name] ?? 0);
  if (tag === "circle") {
    const r = of("r");
    return `M${of("cx") - r} ${of("cy")}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
  }
  if (tag === "line") return `M${of("x1")} ${of("y1")}L${of("x2")} ${of("y2")}`;
  if (tag === "rect") {
    const [width, height] = [of("width"), of("height")];
    const rx = Number(attributes.rx ?? attributes.ry ?? 0);
    const ry = Number(attributes.ry ?? attributes.rx ?? 0);
    const corner = (x: number, y: number): string => (rx && ry ? `a${rx} ${ry} 0 0 1 ${x} ${y}` : "");
    return (
      `M${of("x") + rx} ${of("y")}h${width - 2 * rx}${corner(rx, ry)}v${height - 2 * ry}${corner(-rx, ry)}` +
      `h${2 * rx - width}${corner(-rx, -ry)}v${2 * ry - height}${corner(rx, -ry)}z`
    );
  }
  return fromOrigin(attributes.d ?? "");
}

/** A path may begin with a relative move, which is meant from the origin: not so behind another path. */
function fromOrigin(d: string): string | undefined {
  if (d.startsWith("M")) return d;
  const [, x, y, rest] = /^m\s*(-?\d*\.?\d+)[\s,]*(-?\d*\.?\d+)\s*(.*)$/.exec(d) ?? [];
  if (rest === undefined) return undefined;
  // Further pairs after a move are lines, relative as the move was.
  return `M${x} ${y}${/^[-\d.]/.test(rest) ? `l${rest}` : rest}`;
}
