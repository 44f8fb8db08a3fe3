package chat

import (
	"net/http"
	"path"
	"strings"
)

// sniffed is how much of a file says what it is (WHATWG MIME Sniffing §7.1 looks at 1,445
// bytes at most, net/http at 512).
const sniffed = 512

// kind is a type that visitors may send: what the name promises and what the bytes must look
// like. Many formats have no mark of their own that net/http knows, so what they look like is
// a family.
type kind struct{ mediaType, looks string }

const (
	zipped = "application/zip"          // office documents are ZIP files
	opaque = "application/octet-stream" // no mark that is known
)

var kinds = map[string]kind{
	".png": {"image/png", "image/png"}, ".jpg": {"image/jpeg", "image/jpeg"}, ".jpeg": {"image/jpeg", "image/jpeg"},
	".gif": {"image/gif", "image/gif"}, ".webp": {"image/webp", "image/webp"}, ".heic": {"image/heic", opaque},
	".pdf": {"application/pdf", "application/pdf"},
	".txt": {"text/plain", "text/plain"}, ".csv": {"text/csv", "text/plain"}, ".log": {"text/plain", "text/plain"},
	".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", zipped},
	".xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", zipped},
	".pptx": {"application/vnd.openxmlformats-officedocument.presentationml.presentation", zipped},
	".odt":  {"application/vnd.oasis.opendocument.text", zipped},
	".ods":  {"application/vnd.oasis.opendocument.spreadsheet", zipped},
	".doc":  {"application/msword", opaque}, ".xls": {"application/vnd.ms-excel", opaque},
	".zip": {"application/zip", zipped}, ".mp4": {"video/mp4", "video/mp4"}, ".mov": {"video/quicktime", opaque},
	".mp3": {"audio/mpeg", "audio/mpeg"}, ".wav": {"audio/wav", "audio/wave"},
}

// typeOf is a file's type by its name and its first bytes; false where the two disagree, or
// visitors may not send it. What a browser would run is none of the kinds.
func typeOf(name string, head []byte) (string, bool) {
	k, known := kinds[strings.ToLower(path.Ext(name))]
	looks, _, _ := strings.Cut(http.DetectContentType(head), ";")
	boxed := k.looks == opaque && looks == "video/mp4" // as HEIC and MOV are
	return k.mediaType, known && (looks == k.looks || boxed)
}

// drawn says whether a browser shows the type as a picture, and runs nothing of it.
func drawn(mediaType string) bool {
	switch mediaType {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}
