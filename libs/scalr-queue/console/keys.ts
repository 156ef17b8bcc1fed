import { h } from './dom.js';

export interface Keys {
  readonly pages: readonly (readonly [key: string, go: () => void])[];
  readonly pause: () => void;
}

const HELP: readonly [keys: string, what: string][] = [
  ['o q d s w', 'overview, queues, dead jobs, schedules, workers'],
  ['l m a', 'limits, memory, audit'],
  ['j k', 'next and previous link of the tables'],
  ['Enter', 'open it'],
  ['/', 'search'],
  ['.', 'hold the page, or let it go on'],
  ['?', 'this help'],
  ['Esc', 'close it'],
];

/** Opens pages and moves through tables by single keys, where nobody types. */
export function keys({ pages, pause }: Keys): void {
  const actions = new Map<string, () => void>([
    ...pages,
    ['.', pause],
    ['/', () => document.querySelector<HTMLElement>('#search')?.focus()],
    ['?', () => dialog()?.showModal()],
    ['j', () => move(1)],
    ['k', () => move(-1)],
  ]);
  addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (target instanceof Element && target.closest('input, select, textarea')) {
      if (key === 'Escape') (target as HTMLElement).blur();
      return;
    }
    const action = actions.get(key);
    if (!action) return;
    event.preventDefault();
    action();
  });
}

export function helpDialog(): HTMLElement {
  return h(
    'dialog',
    { id: 'help', 'aria-label': 'Keys' },
    h('h2', {}, 'Keys'),
    h('dl', {}, ...HELP.map(([name, what]) => h('div', {}, h('dt', {}, name), h('dd', {}, what)))),
    h('button', { type: 'button', onclick: () => dialog()?.close() }, 'Close'),
  );
}

const dialog = () => document.querySelector<HTMLDialogElement>('#help');

function move(step: number): void {
  const links = [...document.querySelectorAll<HTMLElement>('main .content a')];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next =
    at === -1 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step));
  links[next]?.focus();
}
