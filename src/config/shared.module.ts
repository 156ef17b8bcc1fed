import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { ScalrQueueModule } from 'scalr-queue';
import { postgresOutbox } from 'scalr-queue/outbox';
import { CallerHook } from '../context/caller.hook.js';
import { checkEnvironment, type Environment } from './environment.js';

/** What both processes need: the settings and the queue. */
@Module({
  imports: [
    // Only what was checked counts: else a variable that is set to nothing would be an empty string, not left out.
    ConfigModule.forRoot({ isGlobal: true, cache: true, skipProcessEnv: true, validate: checkEnvironment }),
    ScalrQueueModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService<Environment, true>) => {
        const url = config.get('SCALR_POSTGRES_URL', { infer: true });
        return {
          app: config.get('SCALR_APP', { infer: true }),
          // Redis comes from SCALR_REDIS_URL.
          ...(url !== undefined && { outbox: postgresOutbox({ url }) }),
          hooks: [CallerHook],
          logFields: ['correlationId', 'tenant'],
        };
      },
    }),
  ],
})
export class SharedModule {}
