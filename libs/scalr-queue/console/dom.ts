/** What may stand in an element. Text is always text: nothing here makes markup of a string. */
export type Child = Node | string | number | undefined | false | readonly Child[];

interface Props {
  readonly onclick?: (event: MouseEvent) => void;
  readonly onsubmit?: (event: SubmitEvent) => void;
  readonly onchange?: (event: Event) => void;
  readonly [attribute: string]: string | boolean | undefined | ((event: never) => void);
}

const HANDLERS = ['onclick', 'onsubmit', 'onchange'] as const;

/** An element with this attribute keeps what is in it when it is drawn again. */
export const KEPT = 'data-kept';

/** Makes an element; attributes that are undefined or false are left out. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (HANDLERS.some((one) => one === name)) Object.assign(element, { [name]: value });
    else element.setAttribute(name, value === true ? '' : (value as string));
  }
  element.append(...flat(children));
  return element;
}

/** The same for a part of a picture. */
export function s(
  tag: 'svg' | 'path' | 'line' | 'title',
  props: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...flat(children));
  return element;
}

function flat(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child): (Node | string)[] => {
    if (child === undefined || child === false) return [];
    if (child instanceof Node || typeof child === 'string') return [child];
    return typeof child === 'number' ? [String(child)] : flat(child);
  });
}

/** Puts new content in the place of the old one, and leaves what is the same as it is: focus, selection and what is open stay. */
export function renew(parent: Element, content: readonly Child[]): void {
  const next = flat(content).map((one) => (typeof one === 'string' ? document.createTextNode(one) : one));
  patchChildren(parent, next);
}

function patchChildren(parent: Element, next: readonly Node[]): void {
  const old = [...parent.childNodes];
  for (const [at, node] of next.entries()) {
    const before = old[at];
    if (!before) parent.append(node);
    else if (!isSame(before, node)) before.replaceWith(node);
    else patch(before, node);
  }
  for (const rest of old.slice(next.length)) rest.remove();
}

function isSame(old: Node, next: Node): boolean {
  if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) return false;
  // Not `id`: of a form that is its field of that name.
  return (
    !(old instanceof Element && next instanceof Element) || old.getAttribute('id') === next.getAttribute('id')
  );
}

function patch(old: Node, next: Node): void {
  if (old instanceof SVGElement) {
    // Nothing in a picture has a state of its own.
    if (!old.isEqualNode(next)) old.replaceWith(next);
    return;
  }
  if (!(old instanceof HTMLElement) || !(next instanceof HTMLElement)) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  for (const { name } of Array.from(old.attributes))
    // What a reader has opened stays open.
    if (!next.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
  for (const { name, value } of next.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  for (const name of HANDLERS) Object.assign(old, { [name]: next[name] });
  if (next.hasAttribute(KEPT)) return;
  // What somebody types is theirs.
  if (old instanceof HTMLSelectElement && old !== document.activeElement) {
    patchChildren(old, [...next.childNodes]);
    old.value = (next as HTMLSelectElement).value;
  } else if (!(old instanceof HTMLSelectElement)) patchChildren(old, [...next.childNodes]);
}
