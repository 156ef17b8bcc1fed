import { Controller, Get } from '@nestjs/common';
import { defineJob } from 'scalr-queue';
import { request as plainRequest } from 'node:http';
import { READER, startDashboard, startWithDeadJob, WRITER } from '../support/dashboard.js';
import { eventually } from '../support/eventually.js';

describe('who is let in', () => {
  it('asks for a password before anything else, and takes only the right one', async () => {
    const { call } = await startDashboard();
    for (const path of [
      '/queues',
      '/queues/',
      '/queues/api/queues',
      '/queues/static/favicon.ico',
      '/queues/none',
    ]) {
      const refused = await call(path, { as: null });
      expect([path, refused.status]).toEqual([path, 401]);
      expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
      expect(await refused.text()).toBe('{"error":{"key":"ERRORS.UNAUTHORIZED"}}');
    }
    const wrong = [
      { ...WRITER, password: 'wrong' },
      { ...WRITER, user: 'bob' },
      { user: WRITER.user, password: READER.password },
      { user: '', password: '' },
    ];
    for (const as of wrong) expect((await call('/queues', { as })).status).toBe(401);
    for (const authorization of ['Basic', 'Basic !', 'Bearer x', `Basic ${'A'.repeat(5_000)}`])
      expect((await call('/queues', { as: null, headers: { authorization } })).status).toBe(401);
    expect((await call(`/queues?authorization=${WRITER.password}`, { as: null })).status).toBe(401);
    for (const as of [READER, WRITER]) expect((await call('/queues', { as })).status).toBe(200);
  });

  it('is closed without credentials', async () => {
    const { call } = await startDashboard({ credentials: [] });
    for (const path of ['/queues', '/queues/api/queues', '/queues/static/favicon.ico'])
      expect((await call(path)).status).toBe(404);
  });

  it('is not there when it is not enabled, and stands where it is told, whatever the global prefix', async () => {
    const off = await startDashboard({ enabled: false });
    expect((await off.call('/queues', { as: null })).status).toBe(404);
    const moved = await startDashboard({ path: '/admin/jobs' }, {}, (web) => web.setGlobalPrefix('v1'));
    expect((await moved.call('/queues')).status).toBe(404);
    expect(await (await moved.call('/admin/jobs')).text()).toContain('<base href="/admin/jobs/" />');
  });

  it('leaves the rest of the app alone', async () => {
    @Controller()
    class Hello {
      @Get('hello')
      hello() {
        return { hello: 'world' };
      }

      @Get('queuesx')
      other() {
        return 'other';
      }
    }
    const { call } = await startDashboard({}, { controllers: [Hello] });
    const hello = await call('/hello', { as: null });
    expect(await hello.json()).toEqual({ hello: 'world' });
    expect(hello.headers.has('content-security-policy')).toBe(false);
    expect(await (await call('/queuesx', { as: null })).text()).toBe('other');
  });
});

describe('what a browser is told', () => {
  it('is to run no script, load no font and frame no page of others', async () => {
    const { call } = await startDashboard();
    const page = await call('/queues');
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    expect(html.match(/<script(?![^>]*(?: src="static\/| type="application\/json"))[^>]*>/g)).toBeNull();
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(Object.fromEntries(page.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(page.headers.has('x-powered-by')).toBe(false);
    for (const path of ['/queues/api/queues', '/queues/nonsense'])
      expect((await call(path)).headers.get('cache-control')).toBe('no-store');
    const [script] = /static\/js\/main\.\w+\.js/.exec(html) ?? [];
    expect((await call(`/queues/${script}`)).status).toBe(200);
  });

  it('is not what other sites may read, even where the app shares everything', async () => {
    const { call } = await startDashboard({}, {}, (web) =>
      web.enableCors({ origin: true, credentials: true }),
    );
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    const answer = await call('/queues/api/queues', { headers });
    expect(answer.status).toBe(403);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('does not depend on what a request says of its host, and leads nowhere else', async () => {
    const { call, url } = await startDashboard();
    const plain = await (await call('/queues')).text();
    const forged = { 'x-forwarded-prefix': '//evil.example', 'x-forwarded-host': 'evil.example' };
    expect(await (await call('/queues', { headers: forged })).text()).toBe(plain);
    expect(await raw(`${url}/queues`, 'evil.example')).toMatchObject({ status: 200, body: plain });
    const paths = ['/queues/../../etc/passwd', '/queues/%2e%2e/%2e%2e/etc/passwd', '/queues/queue/..%2f..%2fetc',
      '/queues/static/..%2f..%2findex.ejs', '/queues/static/%2e%2e/index.ejs', '/queues/static', '/queues/static/js',
      '/queues//evil.example/%2e%2e', '/queues/static//evil.example', '/queues/queue/a%00b', '/queues/queue/%zz',
      '/queues/queue/a%5cb', '/queues/index.ejs', '/queues/api', '/queues/api/queues/none/1']; // prettier-ignore
    for (const path of paths) {
      const answer = await raw(`${url}${path}`);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.location).toBeUndefined();
      expect(answer.body).not.toMatch(/node_modules|root:|<%/);
    }
    expect((await call(`/queues/api/queues/${encodeURIComponent('größe')}/1`)).status).toBe(404);
  });

  it.each([
    'jobsPerPage=101',
    'jobsPerPage=0',
    'jobsPerPage=x',
    'page=-1',
    'page=10001',
    'page=1.5',
    'status=__proto__',
    'status=constructor',
    'page=1&page=2',
  ])('refuses %s', async (query) => {
    // prettier-ignore
    const { call } = await startDashboard();
    expect((await call(`/queues/api/queues?${query}`)).status).toBe(400);
  });
});

describe('what is shown', () => {
  it('are all queues of the app and of no other, also one that comes later', async () => {
    const { queue, json } = await startDashboard();
    await startDashboard().then((other) => other.queue.enqueue(defineJob('x', { queue: 'others' })));
    const names = async () =>
      ((await json('/queues/api/queues'))['queues'] as unknown as { name: string }[]).map(({ name }) => name);
    expect(await names()).toEqual([]);
    await queue.enqueue(defineJob('first', { queue: 'one' }));
    await queue.enqueue(defineJob('second', { queue: 'two' }));
    await eventually(async () => expect(await names()).toEqual(['one', 'two']));
  });

  it('is a dead job with its error in words, its stacks, and who could run it', async () => {
    const { json, job, call } = await startWithDeadJob();
    const { job: shown, status } = (await json(job)) as Record<string, Record<string, unknown>>;
    expect(status).toBe('failed');
    expect(shown).toMatchObject({
      name: 'pay',
      failedReason: 'RangeError [E_BANK]: the bank is closed (attempts)',
      data: { amount: 7 },
      attempts: 2,
      opts: { attempts: 2 },
    });
    expect((shown!['stacktrace'] as string[])[0]).toMatch(/attempt 2\nRangeError: the bank is closed\n +at /);
    const { workers } = (await json('/queues/api/queues/money/workers')) as Record<
      string,
      { name: string; addr: string }[]
    >;
    expect(workers).toMatchObject([{ name: expect.stringContaining(`process ${process.pid}`), addr: '' }]);
    expect((await call('/queues/api/redis/stats')).status).toBe(403);
    expect(await json(`${job}/flow`)).toMatchObject({ flowRoot: null });
  });
});

/** As a client that sends paths and hosts as they are. */
function raw(url: string, host?: string): Promise<{ status?: number; location?: string; body: string }> {
  const { hostname, port } = new URL(url);
  const path = url.slice(new URL(url).origin.length);
  const auth = `${WRITER.user}:${WRITER.password}`;
  return new Promise((resolve, reject) => {
    plainRequest({ hostname, port, path, auth, headers: host ? { host } : {} }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () =>
        resolve({ status: response.statusCode, location: response.headers.location, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}
