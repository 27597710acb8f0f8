package fn

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/selvedge-db/selvedge/value"
)

// digest declares a hash of a string.
func digest(name, doc, query, result string, f func(s string) string) Function {
	d := texts(name, doc, query, result, 20, f)
	d.Family = "hash"
	return d
}

var hashFunctions = []Function{
	{
		Name: "HASH", Family: "hash", Deterministic: true, Cost: 5, Returns: Number,
		Params: unary("value", Anything),
		Doc: "Gives a number from 0 to 2^51 that is the same for values that are equal, and in every version and place. " +
			"The number 1 and the string \"1\" differ; the order of attributes does not matter.",
		Examples: []Example{{`RETURN [HASH(1) == HASH(1.0), HASH(1) == HASH("1"), HASH({a: 1, b: 2}) == HASH({b: 2, a: 1})]`, `[[true, false, true]]`}},
		Eval: func(_ *Context, a []value.Value) value.Value {
			var room [256]byte
			return value.Int(int64(fnv1a(string(value.AppendKey(room[:0], a[0]))) >> 13))
		},
	},
	digest("CRC32", "Gives the CRC-32C checksum (Castagnoli) in hexadecimal digits.", `RETURN CRC32("foobar")`, `["D5F5C7F"]`, func(s string) string {
		return strings.ToUpper(strconv.FormatUint(uint64(crc32.Checksum([]byte(s), castagnoli)), 16))
	}),
	digest("FNV64", "Gives the 64-bit FNV-1a hash in hexadecimal digits.", `RETURN FNV64("foobar")`, `["85944171F73967E8"]`, func(s string) string {
		return strings.ToUpper(strconv.FormatUint(fnv1a(s), 16))
	}),
	digest("MD5", "Gives the MD5 hash in hexadecimal digits. It protects nothing; use SHA256 for that.", `RETURN MD5("foobar")`,
		`["3858f62230ac3c915f300c664312c63f"]`, func(s string) string {
			sum := md5.Sum([]byte(s))
			return hex.EncodeToString(sum[:])
		}),
	digest("SHA1", "Gives the SHA-1 hash in hexadecimal digits. It protects nothing; use SHA256 for that.", `RETURN SHA1("foobar")`,
		`["8843d7f92416211de9ebb963ff4ce28125932878"]`, func(s string) string {
			sum := sha1.Sum([]byte(s))
			return hex.EncodeToString(sum[:])
		}),
	digest("SHA256", "Gives the SHA-256 hash in hexadecimal digits.", `RETURN SHA256("foobar")`,
		`["c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2"]`, func(s string) string {
			sum := sha256.Sum256([]byte(s))
			return hex.EncodeToString(sum[:])
		}),
	digest("SHA512", "Gives the SHA-512 hash in hexadecimal digits.", `RETURN LEFT(SHA512("foobar"), 16)`,
		`["0a50261ebd1a390f"]`, func(s string) string {
			sum := sha512.Sum512([]byte(s))
			return hex.EncodeToString(sum[:])
		}),
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// fnv1a is the 64-bit FNV-1a hash. The one of the standard library would allocate for each call.
func fnv1a(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
