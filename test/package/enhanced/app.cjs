require('reflect-metadata');

/**
 * An app with the guard, interceptor, pipe and filter that it has for HTTP, bound with APP_*, and no word of jobs in them: its web process, its
 * worker and a test of it. Decorators by hand.
 * @param load gives a package, in the module system of the project
 */
module.exports = async function run(load) {
  const nest = await load('@nestjs/common');
  const core = await load('@nestjs/core');
  const { IsEmail, IsInt, Max } = await load('class-validator');
  const { ClsModule, ClsService } = await load('nestjs-cls');
  const { catchError, throwError } = await load('rxjs');
  const scalr = await load('scalr-queue');
  const { SharedRedis, OnBroadcast, defineEvent } = await load('scalr-queue/shared');
  const { TestQueue, useTestQueue } = await load('scalr-queue/testing');
  const { runWorker } = await load('scalr-queue/worker');
  const { Test } = await load('@nestjs/testing');

  /** What a decorator of a method, or of its parameters, does. */
  const decorate = (type, method, ...decorators) => {
    for (const one of decorators.toReversed())
      one(type.prototype, method, Object.getOwnPropertyDescriptor(type.prototype, method));
  };
  const types = (type, method, ...params) =>
    Reflect.defineMetadata('design:paramtypes', params, type.prototype, method);
  const injectable = (type, ...params) => {
    nest.Injectable()(type);
    Reflect.defineMetadata('design:paramtypes', params, type);
    return type;
  };

  const lines = [];
  class DomainError extends Error {}
  class CreateOrder {}
  IsEmail()(CreateOrder.prototype, 'email');
  IsInt()(CreateOrder.prototype, 'amount');
  Max(1_000)(CreateOrder.prototype, 'amount');

  class TenantGuard {
    constructor(cls) {
      this.cls = cls;
    }
    canActivate(context) {
      lines.push(`guard ${context.getType()} ${this.cls.get('tenant')}`);
      return ['acme', 'other'].includes(this.cls.get('tenant'));
    }
  }
  class ReportingInterceptor {
    intercept(context, next) {
      return next.handle().pipe(
        catchError((error) => {
          lines.push(`reported ${context.getClass().name}.${context.getHandler().name} ${error.message}`);
          return throwError(() => error);
        }),
      );
    }
  }
  class DomainFilter {
    catch(error, host) {
      host.switchToHttp().getResponse().status(409).json({ said: error.message });
    }
  }
  nest.Catch(DomainError)(DomainFilter);
  injectable(TenantGuard, ClsService);
  injectable(ReportingInterceptor);

  const Order = scalr.defineJob('order', { retry: false });
  const Told = defineEvent('told');
  class Controller {
    constructor(queue, shared) {
      this.queue = queue;
      this.limiter = shared.limiter('orders', { window: { max: 4, per: '1m' } });
    }
    async order(order) {
      if (order.amount === 409) throw new DomainError('sold out');
      const { id } = await this.limiter.run(() => this.queue.enqueue(Order, { ...order }));
      return { id };
    }
  }
  nest.Controller()(Controller);
  Reflect.defineMetadata('design:paramtypes', [scalr.EnqueueService, SharedRedis], Controller);
  types(Controller, 'order', CreateOrder);
  nest.Body()(Controller.prototype, 'order', 0);
  decorate(Controller, 'order', nest.Post('orders'));

  class Orders {
    constructor(cls, shared) {
      this.cls = cls;
      this.shared = shared;
    }
    async order(order, ctx) {
      if (order.amount === 13) throw new DomainError('sold out');
      const { fence } = await this.shared.lock('orders', {}, (held) => held);
      return [order instanceof CreateOrder, this.cls.get('tenant'), ctx.context.tenant, fence > 0];
    }
    told() {
      lines.push('told');
    }
  }
  injectable(Orders, ClsService, SharedRedis);
  types(Orders, 'order', CreateOrder, scalr.JobContext);
  decorate(Orders, 'order', scalr.ProcessJob(Order));
  decorate(Orders, 'told', OnBroadcast(Told));

  const common = () => [
    ClsModule.forRoot({
      global: true,
      middleware: { mount: true, setup: (cls, request) => cls.set('tenant', request.headers['x-tenant']) },
    }),
    scalr.ScalrQueueModule.forRoot({
      hooks: [scalr.contextFromCls(['tenant'])],
      enhancers: { global: true },
    }),
  ];
  const enhancers = [
    { provide: core.APP_GUARD, useClass: TenantGuard },
    { provide: core.APP_INTERCEPTOR, useClass: ReportingInterceptor },
    { provide: core.APP_PIPE, useValue: new nest.ValidationPipe({ transform: true }) },
    { provide: core.APP_FILTER, useClass: DomainFilter },
    { provide: core.APP_FILTER, useClass: scalr.QueueErrorFilter },
  ];
  class Web {}
  const web = { module: Web, imports: common(), controllers: [Controller], providers: enhancers };
  class Worker {}
  const work = { module: Worker, imports: common(), providers: [...enhancers, Orders] };
  class Both {}
  const both = {
    module: Both,
    imports: common(),
    controllers: [Controller],
    providers: [...enhancers, Orders],
  };

  const post = async (url, tenant, body) => {
    const headers = { 'content-type': 'application/json', 'x-tenant': tenant };
    const answer = await fetch(`${url}/orders`, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, id: (await answer.json()).id };
  };
  const good = { email: 'ann@example.com', amount: 5 };
  /** The requests that a guard, a pipe and a filter answer, and the same of jobs. */
  const go = async (url, enqueue, settled) => {
    lines.length = 0;
    const statuses = [];
    const accepted = await post(url, 'acme', good);
    for (const [tenant, body] of [
      ['evil', good],
      ['acme', { ...good, amount: 'many' }],
      ['acme', { ...good, amount: 409 }],
    ])
      statuses.push((await post(url, tenant, body)).status);
    const ends = [await settled(accepted.id)];
    for (const [tenant, body] of [
      ['evil', good],
      ['acme', { ...good, amount: 'many' }],
      ['other', { ...good, amount: 13 }],
    ]) {
      const { id } = await enqueue(Order, body, { context: { tenant } });
      ends.push(await settled(id));
    }
    return { statuses: [accepted.status, ...statuses], ends };
  };
  const endOf = ({ state, result, reason, error }) => [state, result ?? reason, error?.message];

  const report = {};
  {
    const app = await core.NestFactory.create(web, { logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const worker = await runWorker(work, { port: 0, signals: false, logger: false });
    const jobs = app.get(scalr.JobsService);
    const queue = app.get(scalr.EnqueueService);
    report.real = await go(url, queue.enqueue.bind(queue), async (id) => {
      await jobs.waitFor({ id, name: 'order' }, { timeout: '30s' }).catch(() => undefined);
      return endOf(await jobs.get({ id, name: 'order' }));
    });
    report.lines = [...lines];
    await app.get(SharedRedis).broadcast(Told);
    for (let left = 500; left > 0 && !lines.includes('told'); left--)
      await new Promise((resolve) => setTimeout(resolve, 20));
    report.told = lines.includes('told');
    const over = [];
    for (let n = 0; n < 4; n++) over.push((await post(url, 'acme', good)).status);
    report.over = over;
    await app.close();
    await worker.close();
  }
  {
    const module = await useTestQueue(Test.createTestingModule({ imports: [both] })).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const jobs = app.get(scalr.JobsService);
    const queue = app.get(scalr.EnqueueService);
    report.kit = await go(url, queue.enqueue.bind(queue), async (id) => {
      await app.get(TestQueue).drain();
      return endOf(await jobs.get({ id, name: 'order' }));
    });
    report.kitLines = [...lines];
    await app.close();
  }
  console.log(JSON.stringify(report));
};
