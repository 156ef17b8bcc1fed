import { ApiError, get, type Me, type Overview } from './api.js';
import { type Child, h, renew } from './dom.js';
import { moment } from './format.js';
import { helpDialog, keys } from './keys.js';
import { hrefOf } from './parts.js';
import { deadPage } from './pages/dead.js';
import { findPage, jobsPage } from './pages/jobs.js';
import { jobPage } from './pages/job.js';
import { overviewPage } from './pages/overview.js';
import type { Page } from './pages/page.js';
import { queuesPage } from './pages/queues.js';
import { schedulesPage } from './pages/schedules.js';
import { workersPage } from './pages/workers.js';

/** By what their address begins with. */
const PAGES: Readonly<Record<string, Page>> = {
  overview: overviewPage,
  queues: queuesPage,
  dead: deadPage,
  schedules: schedulesPage,
  workers: workersPage,
  jobs: jobsPage,
  job: jobPage,
  find: findPage,
};

const EVERY_MS = 3_000;

/** Header, navigation and the page that the address names, drawn again while somebody looks. */
export class Shell {
  private me?: Me;
  private overview?: Overview;
  private content: readonly Child[] = [h('p', {}, 'Loading …')];
  private failure?: string;
  private paused = false;
  /** Of the look that is under way: an older one that answers late is dropped. */
  private turn = 0;

  constructor(private readonly root: Element) {}

  start(): void {
    addEventListener('hashchange', () => {
      document.querySelector<HTMLElement>('main')?.focus();
      void this.look();
    });
    keys({
      pages: Object.entries(PAGES).flatMap(([name, { key }]) =>
        key ? [[key, () => this.go(name)] as const] : [],
      ),
      pause: () => this.togglePause(),
    });
    setInterval(() => {
      if (!document.hidden && !this.paused) void this.look();
    }, EVERY_MS);
    this.draw();
    void this.look();
  }

  private go(page: string): void {
    location.hash = hrefOf(page, { app: this.place().query['app'] });
  }

  private togglePause(): void {
    this.paused = !this.paused;
    this.draw();
  }

  private place(): { name: string; page: Page; query: Readonly<Record<string, string | undefined>> } {
    const [name = '', text = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
    const query = Object.fromEntries(new URLSearchParams(text));
    const page = Object.hasOwn(PAGES, name) ? PAGES[name] : undefined;
    return page ? { name, page, query } : { name: 'overview', page: overviewPage, query };
  }

  private async look(): Promise<void> {
    const turn = ++this.turn;
    try {
      const me = (this.me ??= await get<Me>('me'));
      const overview = await get<Overview>('overview');
      const { page, query } = this.place();
      const content = await page.draw({ me, overview, query });
      if (turn !== this.turn) return;
      this.overview = overview;
      this.content = content;
      this.failure = undefined;
    } catch (error) {
      if (turn !== this.turn) return;
      this.failure = error instanceof ApiError ? error.message : `The page is at fault: ${String(error)}`;
      // What there is not can not be shown as it was.
      if (error instanceof ApiError && error.status === 404) this.content = [];
    }
    this.draw();
  }

  private draw(): void {
    const { page } = this.place();
    const trouble = this.failure ?? this.overview?.stale;
    document.title = `${page.title} – ${this.me?.title ?? 'scalr console'}`;
    renew(this.root, [
      h('a', { class: 'skip', href: '#main', onclick: (event) => this.skip(event) }, 'To the content'),
      this.header(),
      h(
        'main',
        { id: 'main', tabindex: '-1', class: trouble ? 'stale' : undefined },
        h('h1', {}, page.title),
        h('div', { role: 'status' }, trouble && this.trouble(trouble)),
        h('div', { class: 'content' }, this.content),
      ),
      helpDialog(),
    ]);
  }

  private skip(event: MouseEvent): void {
    event.preventDefault();
    document.querySelector<HTMLElement>('main')?.focus();
  }

  private trouble(why: string): HTMLElement {
    return h(
      'p',
      { class: 'trouble' },
      why,
      this.overview ? [' Shown is what was read ', moment(this.overview.at), '.'] : undefined,
    );
  }

  private header(): HTMLElement {
    const { name, query } = this.place();
    const { app } = query;
    const apps = this.overview?.apps.map((one) => one.app) ?? [];
    const links = Object.entries(PAGES).flatMap(([to, { label }]) =>
      label
        ? [
            h(
              'a',
              {
                href: hrefOf(to, { app: to === 'overview' ? undefined : app }),
                'aria-current': to === name && 'page',
              },
              label,
            ),
          ]
        : [],
    );
    const choose = (event: Event) => {
      const chosen = (event.target as HTMLSelectElement).value;
      location.hash = hrefOf(name === 'job' || name === 'find' || name === 'jobs' ? 'queues' : name, {
        app: chosen,
      });
    };
    return h(
      'header',
      {},
      h('strong', {}, this.me?.title ?? 'scalr console'),
      h('nav', { 'aria-label': 'Pages' }, ...links),
      h(
        'select',
        { 'aria-label': 'App', onchange: choose },
        h('option', { value: '', selected: !app }, 'All apps'),
        ...apps.map((one) => h('option', { value: one, selected: one === app }, one)),
      ),
      h(
        'form',
        { role: 'search', onsubmit: (event) => this.search(event) },
        h('input', {
          type: 'search',
          name: 'id',
          id: 'search',
          'aria-label': 'Id of a job',
          placeholder: 'id of a job  ( / )',
        }),
      ),
      h(
        'button',
        { type: 'button', 'aria-pressed': String(this.paused), onclick: () => this.togglePause() },
        this.paused ? 'Paused' : 'Live',
      ),
      this.me && h('span', { class: 'who' }, `${this.me.user} (${this.me.role})`),
    );
  }

  private search(event: SubmitEvent): void {
    event.preventDefault();
    const id = document.querySelector<HTMLInputElement>('#search')?.value.trim();
    if (id) location.hash = hrefOf('find', { id });
  }
}
