// `getEventListeners`, which browsers have in their tools only: whatever is added from now on is counted.

const listeners = new WeakMap();
const { addEventListener, removeEventListener } = EventTarget.prototype;

const of = (target, type) => (listeners.get(target)?.get(type) ?? new Set());

EventTarget.prototype.addEventListener = function (type, listener, ...rest) {
  const target = this ?? globalThis;
  const byType = listeners.get(target) ?? new Map();
  listeners.set(target, byType.set(type, of(target, type).add(listener)));
  return addEventListener.call(target, type, listener, ...rest);
};
EventTarget.prototype.removeEventListener = function (type, listener, ...rest) {
  const target = this ?? globalThis;
  of(target, type).delete(listener);
  return removeEventListener.call(target, type, listener, ...rest);
};

export const getEventListeners = (target, type) => [...of(target, type)];
