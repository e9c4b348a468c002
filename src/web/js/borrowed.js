// The class of the second half's errors is the page's own, so that `instanceof` holds whichever half an error comes from.

export let OssicleError;

export function borrow(Class) {
  OssicleError = Class;
}
