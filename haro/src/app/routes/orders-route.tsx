import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { OrdersPage } from '../../features/orders/orders-page';
import { given } from './search';

const route = getRouteApi('/orders');

export function OrdersRoute() {
  const filter = given(route.useSearch());
  const navigate = useNavigate();
  return <OrdersPage filter={filter} onFilter={(search) => void navigate({ to: '/orders', search, replace: true })} />;
}
