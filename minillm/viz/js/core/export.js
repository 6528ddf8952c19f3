// Pictures to keep. A view draws itself once, as SVG; PNG is that SVG at twice the size.

const escapeXml = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function download(name, blob) {
  const link = make("a", { download: name, href: URL.createObjectURL(blob) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const saveSvg = (name, picture) =>
  download(`${name}.svg`, new Blob([picture.text], { type: "image/svg+xml" }));

async function savePng(name, picture) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture.text)}`;
  await image.decode();
  const canvas = make("canvas", { width: 2 * picture.width, height: 2 * picture.height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => download(`${name}.png`, blob));
}

// The two buttons of a view; `picture()` gives {text, width, height}.
function pictureButtons(name, picture, say, signal) {
  return Object.entries({ png: savePng, svg: saveSvg }).map(([kind, save]) => {
    const attributes = { type: "button", title: say(`save_${kind}`), ...suppressed };
    const button = make("button", attributes, say(`export_${kind}`));
    button.addEventListener("click", () => save(name, picture()), { signal });
    return button;
  });
}
