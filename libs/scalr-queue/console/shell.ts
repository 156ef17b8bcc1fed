import { type Act, ApiError, get, type Me, type Overview } from './api.js';
import { type Child, h, KEPT, renew } from './dom.js';
import { moment } from './format.js';
import { helpDialog, keys } from './keys.js';
import { LiveStream } from './live.js';
import { hrefOf } from './parts.js';
import { auditPage } from './pages/audit.js';
import { deadPage } from './pages/dead.js';
import { findPage, jobsPage } from './pages/jobs.js';
import { jobPage } from './pages/job.js';
import { limitsPage } from './pages/limits.js';
import { memoryPage } from './pages/memory.js';
import { overviewPage } from './pages/overview.js';
import type { Page } from './pages/page.js';
import { queuePage } from './pages/queue.js';
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
  limits: limitsPage,
  memory: memoryPage,
  audit: auditPage,
  queue: queuePage,
  jobs: jobsPage,
  job: jobPage,
  find: findPage,
};

/** How often a page reads what is not told by itself. */
const EVERY_MS = 3_000;
const TICK_MS = 1_000;

/** Header, navigation and the page that the address names, drawn again while somebody looks. */
export class Shell {
  private me?: Me;
  private overview?: Overview;
  private acts: readonly Act[] = [];
  /** Whose content is drawn: that of the address, as soon as it is there. */
  private shown = this.place();
  /** Page, and job, of the content that is drawn. */
  private drawn = '';
  private failure?: string;
  private paused = false;
  /** Of the look that is under way: an older one that answers late is dropped. */
  private turn = 0;
  private lookedAt = -Infinity;
  private readonly stream = new LiveStream({
    overview: (overview) => {
      this.overview = overview;
      if (this.place().page.isOfOverview) void this.look();
    },
    same: (at) => (this.overview &&= { ...this.overview, at }),
    acts: (acts) => (this.acts = acts),
    trouble: (message) => {
      this.failure = message;
      this.draw();
    },
  });

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
    document.addEventListener('visibilitychange', () => this.tick());
    setInterval(() => this.tick(), TICK_MS);
    this.draw([h('p', {}, 'Loading …')]);
    void this.look();
  }

  private tick(): void {
    const looks = !document.hidden && !this.paused;
    this.stream.listen(looks);
    const isTold = this.stream.isLive && this.place().page.isOfOverview;
    if (looks && !isTold && performance.now() - this.lookedAt >= EVERY_MS) void this.look();
    // How old it is goes on.
    else this.draw();
  }

  private go(page: string): void {
    location.hash = hrefOf(page, { app: this.place().query['app'] });
  }

  private togglePause(): void {
    this.paused = !this.paused;
    this.tick();
  }

  private place(): { name: string; page: Page; query: Readonly<Record<string, string | undefined>> } {
    const [name = '', text = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
    const query = Object.fromEntries(new URLSearchParams(text));
    const page = Object.hasOwn(PAGES, name) ? PAGES[name] : undefined;
    return page ? { name, page, query } : { name: 'overview', page: overviewPage, query };
  }

  private async look(): Promise<void> {
    const turn = ++this.turn;
    const place = this.place();
    let content: readonly Child[] | undefined;
    this.lookedAt = performance.now();
    try {
      const me = (this.me ??= await get<Me>('me'));
      const overview = (this.stream.isLive && this.overview) || (await get<Overview>('overview'));
      const { page, query } = place;
      const drawn = await page.draw({ me, overview, acts: this.acts, query });
      if (turn !== this.turn) return;
      this.overview = overview;
      content = drawn;
      this.failure = undefined;
    } catch (error) {
      if (turn !== this.turn) return;
      this.failure = error instanceof ApiError ? error.message : `The page is at fault: ${String(error)}`;
      // What there is not, or is not for this account, can not be shown as it was.
      if (error instanceof ApiError && (error.status === 404 || error.status === 403)) content = [];
    }
    if (content) this.shown = place;
    this.draw(content);
  }

  /** @param content of the page; left out to leave it as it is */
  private draw(content?: readonly Child[]): void {
    const { name, page, query } = this.shown;
    const id = `${name} ${query['id']}`;
    const trouble = this.failure ?? this.overview?.stale;
    const told = trouble ?? (this.paused ? 'Held.' : undefined);
    document.title = `${page.title} – ${this.me?.title ?? 'scalr console'}`;
    renew(this.root, [
      h('a', { class: 'skip', href: '#main', onclick: (event) => this.skip(event) }, 'To the content'),
      this.header(),
      h(
        'main',
        { id: 'main', tabindex: '-1', class: trouble ? 'stale' : undefined },
        h('h1', {}, page.title),
        h('div', { role: 'status' }, told && this.trouble(told)),
        h('div', { class: 'content', [KEPT]: true }),
      ),
      helpDialog(),
    ]);
    const inside = this.root.querySelector('.content')!;
    // What was open or had the focus on one page has nothing to do with what stands there on another.
    if (content && this.drawn !== id) inside.replaceChildren();
    if (content) renew(inside, content);
    if (content) this.drawn = id;
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
      // Its age grows with every second: that need not be read out.
      this.overview &&
        h('span', { 'aria-live': 'off' }, ' Shown is what was read ', moment(this.overview.at), '.'),
    );
  }

  private header(): HTMLElement {
    const { name, query } = this.shown;
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
