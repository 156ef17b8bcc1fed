import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from '../../../dist/health/health.controller.js';
import { HeldProcessor, queue } from './held.mjs';

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
