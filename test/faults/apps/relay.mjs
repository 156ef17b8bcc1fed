import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { rootModule } from './contract.mjs';

// It runs no jobs: what its end does to them is the doing of the relay alone.
const context = await NestFactory.createApplicationContext(rootModule());
context.enableShutdownHooks();
console.log('relay is up');
