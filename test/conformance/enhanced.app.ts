import {
  type ArgumentsHost,
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  SetMetadata,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST, Reflector } from '@nestjs/core';
import { catchError, map, type Observable, tap, throwError } from 'rxjs';
import { defineJob, JobContext, ProcessJob, Snooze } from 'scalr-queue';

export const Pay = defineJob<{ amount: number }>('pay', { retry: { attempts: 2, delay: 10, jitter: 0 } });

/** What happened, in order. */
@Injectable()
export class Diary {
  readonly lines: unknown[] = [];
}

@Injectable()
class TenantGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Diary) private readonly diary: Diary,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const [payload, job] = context.getArgs<[{ amount: number }, JobContext]>();
    const plan = this.reflector.getAllAndOverride<string>('plan', [context.getHandler(), context.getClass()]);
    this.diary.lines.push([
      'guard', context.getType<string>(), context.getClass().name, context.getHandler().name, payload.amount, job.name, plan,
    ]); // prettier-ignore
    return payload.amount < 100;
  }
}

@Injectable()
class Timing implements NestInterceptor {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.diary.lines.push(['before', context.getType<string>(), context.getArgs().length]);
    return next.handle().pipe(
      tap(() => this.diary.lines.push(['after'])),
      map((result) => ({ wrapped: result })),
      catchError((error: Error) => {
        this.diary.lines.push(['reported', error.message]);
        return throwError(() => error);
      }),
    );
  }
}

@Injectable()
class Doubling implements PipeTransform {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  transform(value: { amount: number }, { type }: { type: string }) {
    this.diary.lines.push(['pipe', type]);
    if (value.amount < 0) throw new BadRequestException(['amount must not be less than 0']);
    return { amount: value.amount * 2 };
  }
}

@Catch(RangeError)
class Forgiving implements ExceptionFilter {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  async catch({ message }: RangeError, host: ArgumentsHost) {
    this.diary.lines.push(['filter', host.getType<string>(), message]);
    if (message === 'later') throw new Snooze('1h');
    return message === 'unknown' ? undefined : { forgiven: message };
  }
}

@Injectable()
@UseGuards(TenantGuard)
@UseInterceptors(Timing)
@SetMetadata('plan', 'basic')
export class Payments {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  @UsePipes(Doubling)
  @UseFilters(Forgiving)
  @ProcessJob(Pay)
  async pay({ amount }: { amount: number }, ctx: JobContext) {
    this.diary.lines.push(['run', amount, ctx instanceof JobContext]);
    if (amount === 20) throw new RangeError('later');
    if (amount === 22) throw new RangeError('unknown');
    if (amount === 24) throw new RangeError('known');
    if (amount === 26) throw new TypeError('broken');
    return amount;
  }
}

@Injectable({ scope: Scope.REQUEST })
export class PerJob {
  constructor(
    @Inject(REQUEST) readonly job: JobContext,
    @Inject(Diary) readonly diary: Diary,
  ) {
    diary.lines.push(['made', job.id]);
  }
}

@Injectable()
export class ScopedGuard implements CanActivate {
  constructor(@Inject(PerJob) private readonly one: PerJob) {}

  canActivate(): boolean {
    this.one.diary.lines.push(['guard', this.one.job.id]);
    return true;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard implements CanActivate {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  canActivate(): boolean {
    this.diary.lines.push(['transient']);
    return true;
  }
}

@Injectable()
export class Scoped {
  constructor(@Inject(PerJob) private readonly one: PerJob) {}

  @UseGuards(ScopedGuard, TransientGuard)
  @ProcessJob(Pay)
  async pay() {
    this.one.diary.lines.push(['run', this.one.job.id]);
    return this.one.job.id;
  }
}

@Injectable()
export class Unshared {
  @UseGuards(TransientGuard)
  @ProcessJob(Pay)
  async pay() {
    return 'paid';
  }
}

@Injectable()
export class Plain {
  constructor(@Inject(Diary) private readonly diary: Diary) {}

  @ProcessJob(Pay)
  async pay({ amount }: { amount: number }) {
    this.diary.lines.push(['run', amount]);
    if (amount === 7) throw new RangeError('known');
    return amount;
  }
}

export const GLOBAL: Provider[] = [
  { provide: APP_GUARD, useClass: TenantGuard },
  { provide: APP_INTERCEPTOR, useClass: Timing },
  { provide: APP_PIPE, useClass: Doubling },
  { provide: APP_FILTER, useClass: Forgiving },
];
