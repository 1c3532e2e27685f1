// A browser without a screen: follows redirects, keeps cookies, and fills in the forms of a sign-in as a person would.

function decode(text) {
  const named = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(amp|lt|gt|quot));/gi, (_whole, hex, number, name) =>
    name ? named[name.toLowerCase()] : String.fromCodePoint(hex ? parseInt(hex, 16) : Number(number)),
  );
}

const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'i'));
  return found && decode(found[1] ?? found[2]);
};

// The first form of a page, with what `person` types; buttons that end the sign-in are not pressed.
function fillIn(html, person) {
  const form = html.match(/<form\b[^>]*>[\s\S]*?<\/form>/i)?.[0];
  if (!form) return undefined;
  const fields = new URLSearchParams();
  let pressed = false;
  for (const [tag] of form.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
    const name = attribute(tag, 'name');
    if (!name || /^(cancel|abort|tryAnotherWay)/i.test(name)) continue;
    const type = attribute(tag, 'type') ?? 'text';
    const value = person[name] ?? attribute(tag, 'value') ?? '';
    if (type === 'checkbox') continue;
    if (type === 'submit') {
      if (pressed) continue;
      pressed = true;
    }
    fields.set(name, value);
  }
  return { action: attribute(form.match(/<form\b[^>]*>/i)[0], 'action') ?? '', fields };
}

// Opens `url` and goes on until there is no form any more. `person`: what stands in the fields of its forms, by name.
// Returns the last page's text.
export async function signIn(url, person) {
  const cookies = new Map();
  let request = { url, method: 'GET' };
  for (let step = 0; step < 30; ++step) {
    const response = await fetch(request.url, {
      method: request.method,
      body: request.body,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), accept: 'text/html' },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [name, ...value] = cookie.split(';')[0].split('=');
      if (value.join('=')) cookies.set(name, value.join('='));
      else cookies.delete(name);
    }
    const text = await response.text();
    const location = response.headers.get('location');
    if (location) {
      request = { url: new URL(location, request.url).href, method: 'GET' };
      continue;
    }
    if (response.status >= 400) throw new Error(`${request.method} ${request.url}: ${response.status}\n${text}`);
    const form = fillIn(text, person);
    if (!form) return text;
    request = { url: new URL(form.action || request.url, request.url).href, method: 'POST', body: form.fields };
  }
  throw new Error(`the sign-in at ${url} does not end`);
}
