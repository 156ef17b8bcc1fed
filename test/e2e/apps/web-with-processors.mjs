import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ScalrQueueHealthIndicator } from 'scalr-queue';
import { HeldProcessor, queue } from './held.mjs';

class HealthController {
  constructor(health, indicator) {
    this.health = health;
    this.indicator = indicator;
  }

  ready() {
    return this.health.check([() => this.indicator.isHealthy('redis')]);
  }
}
Controller('health')(HealthController);
Inject(HealthCheckService)(HealthController, undefined, 0);
Inject(ScalrQueueHealthIndicator)(HealthController, undefined, 1);
const ready = Object.getOwnPropertyDescriptor(HealthController.prototype, 'ready');
Get('ready')(HealthController.prototype, 'ready', ready);

/** What an app looks like that imports its feature modules whole. */
class AppModule {}
Module({
  imports: [queue, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [HeldProcessor],
})(AppModule);

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks();
await app.listen(process.env['PORT']);
