# What two hostile sessions run: `pass ADDRESS` fills the session's directories, sends descriptors of them to the other
# one and ends; `hold ADDRESS VICTIM` takes them and, once /shared/go exists, keeps putting links to VICTIM where
# directories were. ADDRESS is `@NAME` for an abstract socket, else a path. Needs perl-base alone: perl has no words for
# SCM_RIGHTS, so the system's calls are made by number.
use strict;
use warnings;
use POSIX ();

$| = 1;

my %calls = (
  x86_64  => { sendmsg => 46,  recvmsg => 47,  fchdir => 81 },
  aarch64 => { sendmsg => 211, recvmsg => 212, fchdir => 50 },
);
my $machine = (POSIX::uname())[4];
my $call = $calls{$machine} or die "not for $machine\n";
my ($SOL_SOCKET, $SCM_RIGHTS) = (1, 1);
my $DIRECTORIES = 60;

my ($role, $address, $victim) = @ARGV;
my $at = pack("S a*", 1, $address =~ /^@(.*)/ ? "\0$1" : $address);
socket(my $socket, 1, 1, 0) or die "socket: $!";

if   ($role eq "pass") { pass(split(/,/, $ENV{AGENTD_WORK_UNIT})) }
else                   { hold() }

sub pass {
  my @descriptors = map {
    my $directory = $_ eq "home" ? $ENV{HOME} : $_ eq "repo" ? "$ENV{HOME}/repo" : "$ENV{HOME}/repo/.runa";
    fill($directory);
    POSIX::open($directory, &POSIX::O_RDONLY) // die "open $directory: $!";
  } @_;
  until (connect($socket, $at)) { select(undef, undef, undef, 0.05) }
  my $body    = "x";
  my $control = pack("Q i i i*", 16 + 4 * @descriptors, $SOL_SOCKET, $SCM_RIGHTS, @descriptors);
  $control .= "\0" x (-length($control) % 8);
  transfer($call->{sendmsg}, \$body, \$control) == 1 or die "sendmsg: $!";
  sysread($socket, my $taken, 1) or die "nobody took the descriptors";
  print "passed @_\n";
}

sub fill {
  my ($directory) = @_;
  for my $number (0 .. $DIRECTORIES - 1) {
    mkdir("$directory/d$number");
    mkdir("$directory/d$number/inner");
    for my $file ("d$number/file", "d$number/inner/file") {
      open(my $out, ">", "$directory/$file") or die "$file: $!";
      print $out "of the session\n";
    }
  }
}

sub hold {
  bind($socket, $at) && listen($socket, 8) or die "listen: $!";
  $SIG{CHLD} = "IGNORE";
  print "listening\n";
  while (1) {
    accept(my $peer, $socket) or next;
    if (fork() == 0) {
      $socket = $peer;
      my ($body, $control) = (pack("x1"), pack("x64"));
      transfer($call->{recvmsg}, \$body, \$control) == 1 or die "recvmsg: $!";
      my ($length) = unpack("Q", $control);
      my @descriptors = unpack("x16 i" . int(($length - 16) / 4), $control);
      syswrite($socket, "x");
      for my $descriptor (@descriptors) { swap($descriptor) if fork() == 0 }
      exit;
    }
    close($peer);
  }
}

# sendmsg or recvmsg with one byte and what goes along; the variables are read and written where they lie.
sub transfer {
  my ($number, $body, $control) = @_;
  my $vector  = pack("P Q", $$body, 1);
  my $message = pack("Q L x4 P Q P Q i x4", 0, 0, $vector, 1, $$control, length($$control), 0);
  return syscall($number, fileno($socket), $message, 0);
}

sub swap {
  my ($descriptor) = @_;
  syscall($call->{fchdir}, $descriptor) == 0 or die "fchdir: $!";
  until (-e "/shared/go") { select(undef, undef, undef, 0.01) }
  # Until the directory itself is removed.
  while ((stat("."))[3] > 0) {
    for my $number (0 .. $DIRECTORIES - 1) {
      # The seal makes it read-only.
      rename("d$number", "s$number") or chmod(0700, ".") && next;
      symlink($victim, "d$number");
      unlink("d$number") if $number % 3;
      rename("s$number", "d$number") if $number % 3;
    }
    for my $number (grep { $_ % 3 == 0 } 0 .. $DIRECTORIES - 1) {
      next unless -e "s$number";
      unlink("d$number");
      rename("s$number", "d$number");
    }
  }
  exit;
}
