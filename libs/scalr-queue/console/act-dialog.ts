import { get, type Me, post } from './api.js';
import { type Child, h } from './dom.js';
import { count, exact } from './format.js';

/** What is to be done to many jobs. */
export interface WantedAct {
  readonly act: 'retry' | 'delete' | 'cancel';
  readonly app: string;
  readonly filter: Readonly<Record<string, string>>;
}

interface Preview {
  readonly token: string;
  readonly matched: number;
  readonly before: string;
}

interface Progress {
  readonly id: string;
  readonly state: 'running' | 'done' | 'stopped' | 'failed' | 'interrupted';
  readonly why?: string;
  readonly first?: { jobs: number; completed: number; diedAgain: number; pending: number };
  readonly matched: number;
  readonly done: number;
  readonly conflicts?: number;
  readonly error?: string;
}

const WORDS = {
  retry: ['Retry', 'retried', 'dead'],
  delete: ['Delete', 'deleted', 'dead'],
  cancel: ['Cancel', 'cancelled', 'not started'],
} as const;

const LOOK_MS = 500;

/** Whether the account may, in a console that may at all. */
export const may = ({ role, writes }: Me, act: WantedAct['act']): boolean =>
  writes && (role === 'admin' || (role === 'operate' && act !== 'delete'));

/** A button that opens the dialog of an act. */
export function actButton(label: string, act: WantedAct): HTMLElement {
  return h('button', { type: 'button', onclick: () => void openAct(act) }, label);
}

/** A button that changes something at once. */
export function quickButton(label: string, path: string): HTMLElement {
  const run = (event: MouseEvent) => {
    const button = event.currentTarget as HTMLButtonElement;
    button.disabled = true;
    void post(path)
      .catch((error: unknown) => tell((error as Error).message))
      .finally(() => (button.disabled = false));
  };
  return h('button', { type: 'button', onclick: run }, label);
}

/** Counts, asks, acts, and shows how far it is. It goes on when the dialog is closed. */
async function openAct(wanted: WantedAct): Promise<void> {
  const [verb, done, which] = WORDS[wanted.act];
  const dialog = open(`${verb} jobs of ${wanted.app}`, h('p', {}, 'Counting …'));
  try {
    const { token, matched, before } = await post<Preview>('acts/preview', wanted);
    const { rate, first, fields } = paceFields(wanted.act);
    const begin = () => {
      answer.disabled = true;
      const pace = { ...numberIn('rate', rate), ...numberIn('first', first) };
      void follow(dialog.content, () => post<Progress>('acts', { token, ...pace }), done).catch(
        (error: unknown) => dialog.show((error as Error).message),
      );
    };
    const answer = h(
      'button',
      { type: 'button', disabled: matched === 0, onclick: begin },
      `${verb} ${count(matched)}`,
    );
    dialog.show(
      h(
        'p',
        {},
        `${count(matched)} jobs that were ${which} before `,
        exact(before),
        '. Those that come later are left alone.',
      ),
      ...fields,
      answer,
    );
    answer.focus();
  } catch (error) {
    dialog.show((error as Error).message);
  }
}

/** What a retry may be held to. */
function paceFields(act: WantedAct['act']) {
  const field = (max: number) => h('input', { type: 'number', min: '1', max: String(max), class: 'number' });
  const [rate, first] = [field(10_000), field(1_000)];
  const label = (text: string, input: HTMLElement, after: string) =>
    h('p', {}, h('label', {}, text, input, after));
  const fields = [
    label('At most ', rate, ' a second (empty: as fast as it goes)'),
    label('Only the first ', first, ', to see how they end (empty: all)'),
  ];
  return { rate, first, fields: act === 'retry' ? fields : [] };
}

const numberIn = (name: string, { value }: HTMLInputElement): object =>
  value === '' ? {} : { [name]: Number(value) };

const REASONS: Readonly<Record<string, string>> = {
  first: ' The first ones have been retried.',
  'died-again': ' Too many of the first ones have died again.',
};

async function follow(content: Element, begin: () => Promise<Progress>, done: string): Promise<void> {
  let progress = await begin();
  const { id } = progress;
  const show = () => {
    const { matched, done: number, state, conflicts, error, first, why = '' } = progress;
    const kept = conflicts ? ` ${count(conflicts)} stay dead: another job holds their unique key.` : '';
    const stop = h('button', { type: 'button', onclick: () => void post(`acts/${id}/stop`) }, 'Stop');
    const ends =
      state !== 'done' && first?.jobs
        ? ` Of the first ${first.jobs}: ${first.completed} completed, ${first.diedAgain} died again, ${first.pending} not ended yet.`
        : '';
    const resume = () =>
      void follow(content, () => post<Progress>(`acts/${id}/resume`), done).catch((problem: unknown) =>
        content.replaceChildren((problem as Error).message),
      );
    const goOn = h('button', { type: 'button', onclick: resume }, 'Go on');
    const text = `${count(number)} of ${count(matched)} ${done}, ${state}.${REASONS[why] ?? ''}${ends}${kept}${error ? ` ${error}` : ''}`;
    const button = state === 'running' ? [stop] : state === 'stopped' && first ? [goOn] : [];
    content.replaceChildren(h('p', { role: 'status' }, text), ...button);
  };
  for (show(); progress.state === 'running' || progress.state === 'interrupted'; show()) {
    await new Promise((next) => setTimeout(next, LOOK_MS));
    progress = await get<Progress>(`acts/${id}`);
  }
}

function tell(message: string): void {
  open('Not done').show(message);
}

/** A dialog beside the page, which is drawn again meanwhile. */
function open(title: string, ...first: Child[]) {
  const content = h('div', {}, ...first);
  const dialog = h('dialog', { 'aria-label': title }, h('h2', {}, title), content);
  dialog.append(h('button', { type: 'button', onclick: () => dialog.close() }, 'Close'));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return { content, show: (...parts: (Node | string)[]) => content.replaceChildren(...parts) };
}
