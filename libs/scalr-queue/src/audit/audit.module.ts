import { Module } from '@nestjs/common';
import { AuditLog } from './audit.log.js';
import { AuditService } from './audit.service.js';

/** Who did what. */
@Module({ providers: [AuditLog, AuditService], exports: [AuditLog, AuditService] })
export class AuditModule {}
