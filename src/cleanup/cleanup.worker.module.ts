import { Module } from '@nestjs/common';
import { CleanupProcessor } from './cleanup.processor.js';

/** The nightly cleanup. Worker only: nothing of it is reached over HTTP. */
@Module({ providers: [CleanupProcessor] })
export class CleanupWorkerModule {}
