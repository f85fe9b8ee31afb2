// Files of the repository, as the page's server has them.

export function readFileSync(path) {
  const request = new XMLHttpRequest();
  request.open("GET", path, false);
  request.send();
  if (request.status !== 200) {
    throw new Error(`${path}: ${request.status}`);
  }
  return request.responseText;
}
