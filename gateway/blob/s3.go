package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where objects lie when several machines share them.
type S3Config struct {
	Endpoint  string // host or host:port
	Bucket    string // must exist
	Prefix    string // before each key: "vaxel/"
	Region    string // found out if empty
	AccessKey string
	SecretKey string
	Plain     bool // http, for a server on this machine
}

// S3 keeps objects in a bucket. Each upload is first written to a local file, because
// the key is known only when all of it has been read.
type S3 struct {
	client *minio.Client
	cfg    S3Config
}

// NewS3 prepares the client; it calls nobody yet.
func NewS3(cfg S3Config) (*S3, error) {
	client, err := minio.New(cfg.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure: !cfg.Plain, Region: cfg.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("set up S3 at %s: %w", cfg.Endpoint, err)
	}
	return &S3{client, cfg}, nil
}

// Put is described at Objects. It uploads even what is there already, which marks it as
// Put now.
func (s *S3) Put(ctx context.Context, r io.Reader) (Info, error) {
	f, info, err := spool(ctx, os.TempDir(), r)
	if err != nil {
		return Info{}, err
	}
	err = s.upload(ctx, f, info)
	if err = errors.Join(err, discard(f)); err != nil {
		return Info{}, fmt.Errorf("store blob: %w", err)
	}
	return info, nil
}

func (s *S3) upload(ctx context.Context, f *os.File, info Info) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := s.client.PutObject(ctx, s.cfg.Bucket, s.cfg.Prefix+info.Key, f, info.Size, minio.PutObjectOptions{})
	return err
}

// PutAll is described at Objects.
func (s *S3) PutAll(ctx context.Context, contents [][]byte) ([]Info, error) {
	return putEach(ctx, s, contents)
}

// Open is described at Objects.
func (s *S3) Open(ctx context.Context, key string) (io.ReadSeekCloser, Info, error) {
	if !keyPattern.MatchString(key) {
		return nil, Info{}, noSuchFile()
	}
	o, err := s.client.GetObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, minio.GetObjectOptions{})
	if err != nil {
		return nil, Info{}, fmt.Errorf("open blob: %w", err)
	}
	st, err := o.Stat()
	if err != nil {
		return nil, Info{}, errors.Join(missing(err), o.Close())
	}
	return o, Info{Key: key, Size: st.Size, Touched: st.LastModified}, nil
}

func missing(err error) error {
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return noSuchFile()
	}
	return fmt.Errorf("open blob: %w", err)
}

// touchAfter is how old an object is before Touch copies it onto itself, which is the only
// way to make it young. It is far less than anybody sweeps after.
const touchAfter = time.Hour

// Touch is described at Objects.
func (s *S3) Touch(ctx context.Context, key string) error {
	if !keyPattern.MatchString(key) {
		return noSuchFile()
	}
	st, err := s.client.StatObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return missing(err)
	}
	if time.Since(st.LastModified) < touchAfter {
		return nil
	}
	itself := minio.CopySrcOptions{Bucket: s.cfg.Bucket, Object: s.cfg.Prefix + key}
	_, err = s.client.CopyObject(ctx, minio.CopyDestOptions{
		Bucket: s.cfg.Bucket, Object: s.cfg.Prefix + key,
		ReplaceMetadata: true, UserMetadata: map[string]string{"touched": time.Now().UTC().Format(time.RFC3339)},
	}, itself)
	if err != nil {
		return fmt.Errorf("touch blob: %w", err)
	}
	return nil
}

// All is described at Objects.
func (s *S3) All(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		for o := range s.client.ListObjectsIter(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: s.cfg.Prefix, Recursive: true}) {
			if o.Err != nil {
				yield(Info{}, o.Err)
				return
			}
			key := strings.TrimPrefix(o.Key, s.cfg.Prefix)
			if keyPattern.MatchString(key) && !yield(Info{Key: key, Size: o.Size, Touched: o.LastModified}, nil) {
				return
			}
		}
	}
}

// Remove is described at Objects. S3 has no way to look and remove at once: an object
// that is swept and is Put again in the few milliseconds between the two is lost, and
// the Note that follows names nothing. Sweep therefore looks at old objects only.
func (s *S3) Remove(ctx context.Context, key string, before time.Time) (bool, error) {
	st, err := s.client.StatObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, minio.StatObjectOptions{})
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		return false, nil
	}
	if err != nil || st.LastModified.After(before) {
		return false, err
	}
	return true, s.client.RemoveObject(ctx, s.cfg.Bucket, s.cfg.Prefix+key, minio.RemoveObjectOptions{})
}
