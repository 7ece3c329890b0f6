import type { HostileFile } from "./corpus.ts";

/** Texts that name another file or address, or are programs, under the names of films. `secret` must never be read, `url` never asked. */
export function hostileTexts(secret: string, url: string): readonly HostileFile[] {
  return [...playlists(secret, url), ...manifests(secret, url), ...subtitles(secret), ...programs(secret, url)];
}

const refused = (name: string, content: string): HostileFile => ({ name, content, ends: ["media_refused"] });
const unknown = (name: string, content: string): HostileFile => ({ name, content, ends: ["not_media"] });

const hls = (...lines: readonly string[]) =>
  ["#EXTM3U", "#EXT-X-TARGETDURATION:10", ...lines, "#EXT-X-ENDLIST", ""].join("\n");

function playlists(secret: string, url: string): readonly HostileFile[] {
  return [
    refused("hls-file.mp4", hls("#EXTINF:10,", `file://${secret}`)),
    refused("hls-path.mp4", hls("#EXTINF:10,", secret)),
    refused("hls-http.mp4", hls("#EXTINF:10,", `${url}/a.ts`)),
    refused("hls-metadata-service.mp4", hls("#EXTINF:10,", "http://169.254.169.254/latest/meta-data/")),
    refused("hls-bom.mp4", `\xef\xbb\xbf${hls("#EXTINF:10,", `${url}/b.ts`)}`),
    refused("hls-blank-lines.mp4", `\r\n \t\n${hls("#EXTINF:10,", `${url}/c.ts`)}`),
    refused("hls-key.m3u8", hls(`#EXT-X-KEY:METHOD=AES-128,URI="${url}/key"`, "#EXTINF:10,", secret)),
    refused("hls-concat.mov", hls("#EXTINF:10,", `concat:${url}/header|file://${secret}`)),
    refused("hls-subfile.mov", hls("#EXTINF:10,", `subfile,,start,0,end,64,,:${secret}`)),
    refused("hls-crypto.mov", hls("#EXTINF:10,", `crypto:${secret}`)),
    refused("hls-master.webm", hls("#EXT-X-STREAM-INF:BANDWIDTH=1", `${url}/master.m3u8`)),
    refused("concat.mp4", `ffconcat version 1.0\nfile '${secret}'\n`),
    refused("concat-upwards.mp4", "ffconcat version 1.0\nfile ../secret\n"),
    refused("concat-bare.mp4", `file '${secret}'\nfile '${url}/d.mp4'\n`),
    refused("pls.mp3", `[playlist]\nFile1=${url}/e.mp3\nNumberOfEntries=1\n`),
    refused("address.mp4", `${url}/f.mp4\n`),
    unknown("rtsp.mp4", `rtsp://${new URL(url).host}/g\n`),
    unknown("asx.wmv", `<asx version="3.0"><entry><ref href="${url}/h"/></entry></asx>`),
  ];
}

function manifests(secret: string, url: string): readonly HostileFile[] {
  const mpd = `<MPD><Period><BaseURL>${url}/i</BaseURL><AdaptationSet/></Period></MPD>`;
  return [
    refused("dash.mp4", mpd),
    refused("dash-file.mp4", `<?xml version="1.0"?>\n<MPD><BaseURL>file://${secret}</BaseURL></MPD>`),
    refused(
      "smooth.ismv",
      `<?xml version="1.0"?><SmoothStreamingMedia><StreamIndex Url="${url}/j"/></SmoothStreamingMedia>`,
    ),
    refused("xspf.mp3", `<?xml version="1.0"?><playlist><location>${url}/k</location></playlist>`),
    refused(
      "session.mp4",
      `v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=video ${new URL(url).port} RTP/AVP 96\r\n`,
    ),
    refused("entities.mov", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file://${secret}">]><a>&b;</a>`),
    refused("drawing.png", `<svg xmlns="http://www.w3.org/2000/svg"><image href="file://${secret}"/></svg>`),
    refused("drawing-http.jpg", `<?xml version="1.0"?><!-- a --><svg><image href="${url}/l.png"/></svg>`),
  ];
}

function subtitles(secret: string): readonly HostileFile[] {
  return [
    refused("srt.mp4", `1\n00:00:00,000 --> 00:00:09,000\n<font face="${secret}">a</font>\n`),
    refused("vtt.mp4", `WEBVTT\n\nSTYLE\n::cue { background: url(${secret}) }\n`),
    refused("ass.mkv", `[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: ${secret}\n`),
    refused("microdvd.avi", `{1}{9}{F:${secret}}a\n`),
  ];
}

function programs(secret: string, url: string): readonly HostileFile[] {
  return [
    refused("shell.mp4", `#!/bin/sh\ncat ${secret}\n`),
    refused("page.mp4", `<!DOCTYPE html><script src="${url}/m.js"></script>`),
    refused("postscript.jpg", `%!PS\n(${secret}) (r) file\n`),
    refused("drawing-commands.png", `push graphic-context\nimage over 0,0 0,0 '${url}/n.png'\n`),
    refused("python.mp4", `import os; os.system("cat ${secret}")\n`),
    refused("metadata.mp4", `;FFMETADATA1\ntitle=${secret}\n`),
    unknown("json.mp4", `{"path":"${secret}"}`),
    unknown("words.mp4", "Nothing but words.\n"),
  ];
}
