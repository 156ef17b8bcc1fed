/** A web app with the console of its queues, on express or fastify; it says what it answers, and ends. */
require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { ScalrQueueModule } = require('scalr-queue');
const { ScalrQueueDashboardModule } = require('scalr-queue/dashboard');

async function main(platform) {
  const { ExpressAdapter, FastifyAdapter } = require(`@nestjs/platform-${platform}`);
  const Adapter = ExpressAdapter ?? FastifyAdapter;
  const credentials = { user: 'ops', password: 'correct-horse-battery' };
  const imports = [
    ScalrQueueModule.forRoot(),
    ScalrQueueDashboardModule.forRoot({ ui: 'console', credentials }),
  ];
  class AppModule {}
  const app = await NestFactory.create({ module: AppModule, imports }, new Adapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  const login = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
  const headers = { authorization: `Basic ${login}` };
  for (const path of ['', '/', '/api/me', '/api/overview']) {
    const answer = await fetch(`${await app.getUrl()}/queues${path}`, { headers, redirect: 'manual' });
    console.log(path, answer.status, answer.headers.get('content-type'));
  }
  await app.close();
}

void main(process.argv[2]);
