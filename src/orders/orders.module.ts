import { Module } from '@nestjs/common';
import { OrderStore } from './order.store.js';
import { OrdersController } from './orders.controller.js';

/** Orders in the web process. */
@Module({ controllers: [OrdersController], providers: [OrderStore] })
export class OrdersModule {}
